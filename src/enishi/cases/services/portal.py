"""What people outside do, without an account: raise a grievance, ask or suggest something, and go on talking about it."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Sequence

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enishi.accounts.access import Actor, Level, Via, system_actor
from enishi.accounts.models import Project
from enishi.accounts.queries import organisation
from enishi.cases import signals
from enishi.cases.models import Case, CaseDoor, CasePause, CaseTie, CaseWord, ReportPage
from enishi.cases.packs import GRIEVANCE
from enishi.cases.pictures import Unreadable, without_traces
from enishi.cases.sealed import seal, unseal
from enishi.cases.services import rules
from enishi.cases.services.cases import open_case
from enishi.cases.services.moving import judge, lodge_appeal
from enishi.cases.services.pausing import resume
from enishi.cases.services.rules import EDIT, MANAGE, CaseError
from enishi.cases.services.talk import put
from enishi.cases.services.ties import tie_new
from enishi.cases.services.unmasking import address_changed
from enishi.content.services import FileDraft, FileError, add_files
from enishi.core import clock
from enishi.timeline.services import differences, record

GROUPS, IN_GROUP = 4, 4
MAX_FILES, MAX_SIZE = 5, 20 * 1024 * 1024
TITLE = 90


def outside() -> Actor:
    """Whoever writes from outside, as the history names them."""
    return system_actor("public page", via=Via.WEB)


@transaction.atomic
def set_page(
    actor: Actor,
    project: Project,
    *,
    is_on: bool,
    about: str,
    emergency: str,
    may_be_opened: bool = False,
    comments: bool = True,
) -> ReportPage:
    """Switch the public page of a project on or off, and say what it says of itself.

    With ``comments`` it takes questions and ideas beside grievances. ``may_be_opened`` holds for addresses that are left from now on: what was left before stays under its words.
    """
    actor.require(MANAGE, project.pk)
    page, _new = ReportPage.objects.get_or_create(
        project=project, defaults={"token": secrets.token_urlsafe(9)}
    )
    names = ("is_on", "about", "emergency", "may_be_opened", "comments")
    before = {name: getattr(page, name) for name in names}
    page.may_be_opened, page.comments = may_be_opened, comments
    page.is_on, page.about, page.emergency = (
        is_on,
        " ".join(about.split())[:300],
        " ".join(emergency.split())[:60],
    )
    page.save()
    after = {name: getattr(page, name) for name in before}
    if changes := differences(before, after):
        record(actor, signals.page_changed, subject=page, changes=changes)
    return page


def new_passphrase() -> str:
    """Sixteen digits in fours: the same in every script, on every keyboard."""
    groups = ("".join(str(secrets.randbelow(10)) for _digit in range(IN_GROUP)) for _group in range(GROUPS))
    return " ".join(groups)


def plain_digits(typed: str) -> str:
    """The digits of what was typed, in any script, without whatever stands between them."""
    return "".join(
        str(unicodedata.digit(sign)) for sign in typed if unicodedata.digit(sign, None) is not None
    )


@transaction.atomic
def report(
    page: ReportPage,
    *,
    text: str,
    kind: str = GRIEVANCE,
    place: str = "",
    happened: str = "",
    name: str = "",
    reach: str = "",
    files: Sequence[FileDraft] = (),
    language: str = "",
) -> tuple[Case, str]:
    """Register what somebody tells us; returns the case and the passphrase, which nobody can find again.

    Without a name it is anonymous. Raises CaseError for what cannot be used.
    """
    taken = {one.code: one for one in page.kinds}
    if kind not in taken:
        raise CaseError(_("This page does not take that. Go back to its beginning."))
    words = rules.long_words(text)
    if not words:
        raise CaseError(_("Tell us what happened.") if kind == GRIEVANCE else _("Write a few words."), "text")
    title = " ".join(words.split())
    case = open_case(
        outside(),
        project=page.project,
        kind=kind,
        # A stranger's words are for the house, whatever the kind usually is.
        confidentiality=max(taken[kind].level, Level.INTERNAL),
        title=title if len(title) <= TITLE else title[: TITLE - 1].rsplit(" ", 1)[0] + "…",
        text=words,
        anonymous=not (name.strip() or reach.strip()),
        teller_name=name,
        teller_reach=reach,
        channel=Case.Channel.PAGE,
        language=language,
        place=place,
        happened=happened,
    )
    passphrase = new_passphrase()
    CaseDoor.objects.create(
        case=case, secret=make_password(plain_digits(passphrase)), language=language or "en"
    )
    _keep_files(case, files, None)
    return case, passphrase


def check_files(files: Sequence[FileDraft]) -> list[FileDraft]:
    """At most five, together 20 MB, photos without what the camera wrote into them; raises CaseError."""
    if len(files) > MAX_FILES:
        raise CaseError(_("At most 5 files at once. Send the others afterwards."), "files")
    checked, size = [], 0
    for draft in files:
        data = draft.data if isinstance(draft.data, bytes) else draft.data.read(MAX_SIZE + 1)
        size += len(data)
        if size > MAX_SIZE:
            raise CaseError(
                _("The files are larger than 20 MB together. Send fewer or smaller ones."), "files"
            )
        try:
            checked.append(FileDraft(draft.name, without_traces(data)))
        except Unreadable:
            raise CaseError(_("“%(name)s” is cut off or damaged.") % {"name": draft.name}, "files") from None
    return checked


def _keep_files(case: Case, files: Sequence[FileDraft], word: CaseWord | None) -> None:
    if not files:
        return
    try:
        kept = add_files(
            outside(),
            check_files(files),
            project=case.project,
            at_least=case.confidentiality,
            attachment=True,
        )
    except FileError as error:
        raise CaseError(str(error), "files") from None
    tie_new(case, CaseTie.Kind.FILE, [file.pk for file in kept], word=word)


def enter(number: str, passphrase: str) -> Case | None:
    """The case that number and passphrase open together; None for a wrong number and for a wrong passphrase alike."""
    wanted = "".join(sign for sign in _latin(number).upper() if sign.isalnum() or sign == "-")[:20]
    door = CaseDoor.objects.select_related("case").filter(case__number=wanted).first()
    right = check_password(plain_digits(passphrase), door.secret if door else _dummy())
    return door.case if door and right else None


def _latin(typed: str) -> str:
    return "".join(str(unicodedata.digit(sign, sign)) for sign in typed.strip())


_dummies: dict[str, str] = {}


def _dummy() -> str:
    """A hash of nothing that anybody knows, as slow as the others."""
    if "hash" not in _dummies:
        _dummies["hash"] = make_password(secrets.token_hex(16))
    return _dummies["hash"]


@transaction.atomic
def tell(case: Case, *, text: str, files: Sequence[FileDraft] = ()) -> CaseWord:
    """A further word from whoever raised the case; those who work on it are told."""
    case = rules.locked(case.pk)
    word = put(case, CaseWord.Side.THEIRS, text, user_id=None)
    _keep_files(case, files, word)
    rules.write_history(outside(), signals.word_received, case, {}, text=word.text[:500])
    if case.pauses.filter(until__isnull=True, waits_for=CasePause.For.THEM).exists():
        resume(outside(), case)
    rules.tell_workers(outside(), case, gettext_lazy("There is a new word in %(case)s"))
    return word


@transaction.atomic
def say(actor: Actor, case: Case, *, text: str) -> CaseWord:
    """A word to whoever raised the case, read with number and passphrase; the first one acknowledges the case.

    Raises CaseError where nobody has a passphrase.
    """
    actor.require(EDIT, case)
    case = rules.locked(case.pk)
    if not CaseDoor.objects.filter(case=case).exists():
        raise CaseError(_("Nobody can read this here: the case did not come by the public page."), "text")
    word = put(case, CaseWord.Side.OURS, text, user_id=actor.user_id)
    before = rules.snapshot(case)
    case.acknowledged_at = case.acknowledged_at or clock.now()
    rules.finish(actor, case, signals.word_said, before, text=word.text[:500])
    rules.news(case)
    return word


@transaction.atomic
def leave_address(case: Case, address: str, *, may_be_opened: bool = False) -> None:
    """Keep an address to which only "there is news" is sent, or (empty) forget it. Neither is recorded.

    ``may_be_opened``: it was left under words that two people may open it together.
    """
    address = address.strip()
    if address:
        try:
            validate_email(address)
        except ValidationError:
            raise CaseError(
                _("This is no e-mail address. Look for a missing @ or full stop."), "address"
            ) from None
    address_changed(case)
    CaseDoor.objects.filter(case=case).update(
        news_to=seal(address) if address else None, may_be_opened=bool(address) and may_be_opened
    )


def send_news(case_id: int) -> None:
    """The job: one mail without a word of the case, not even its number."""
    door = CaseDoor.objects.filter(case=case_id, news_to__isnull=False).first()
    address = unseal(door.news_to) if door and door.news_to else ""
    if not door or not address:
        return
    context = {"organisation": organisation(), "url": settings.ENV.base_url + reverse("report:enter")}
    with translation.override(door.language):
        subject = _("There is news for you")
        body = render_to_string("cases/mail/news.txt", context)
    EmailMessage(subject, body, to=[address]).send()


@transaction.atomic
def read_ours(case: Case) -> None:
    """They have seen what we said."""
    ours = case.words.filter(side=CaseWord.Side.OURS, read_at__isnull=True)
    ours.update(read_at=clock.now())


def judge_outcome(case: Case, *, step: int, words: str) -> Case:
    return judge(outside(), case, step=step, words=words)


def appeal_outcome(case: Case, *, words: str) -> Case:
    return lodge_appeal(outside(), case, words=words)
