"""The public page: telling without an account, talking on with number and passphrase, and what never shows."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from api.tokens import api_in
from cases.world import NOW, World, user_of, world
from enishi.accounts.access import Level
from enishi.cases import queries, services
from enishi.cases.models import Case, CaseDoor, CaseWord
from enishi.cases.pictures import Unreadable, without_traces
from enishi.cases.sealed import seal, unseal
from enishi.content.models import FileVersion
from enishi.core import storage
from enishi.timeline.models import Entry

pytestmark = pytest.mark.django_db
SECRET_ADDRESS = "whistle@quiet.example"
TELL = {"text": "Every morning there is dust at the school gate.", "who": "anonymous", "once": "1"}


@pytest.fixture(autouse=True)
def _no_tries_yet() -> None:
    cache.clear()


def _page(here: World, **values: Any) -> str:
    given = {
        "is_on": True,
        "about": "The wind farm and everything around it",
        "emergency": "0000 88 0119",
        **values,
    }
    return f"/report/{services.set_page(here.manager, here.project, **given).token}/"


def _told(here: World, client: Client, **values: Any) -> tuple[Case, str]:
    answer = client.post(_page(here), {**TELL, **values})
    assert answer.status_code == 200, answer.content.decode()[-2000:]
    text = answer.content.decode()
    case = Case.objects.unscoped("test").latest("pk")
    assert case.number in text
    found = re.search(r"\d{4} \d{4} \d{4} \d{4}", text)
    assert found is not None
    return case, found[0]


def _entered(case: Case, passphrase: str) -> Client:
    client = Client()
    given = {"number": case.number, "passphrase": passphrase}
    answer = client.post("/report/talk/enter/", given)
    assert (answer.status_code, answer["Location"]) == (302, "/report/talk/")
    return client


def test_anybody_can_tell_and_go_on(at):
    here = world()
    case, passphrase = _told(here, Client(), place="School gate", happened="Since November")
    assert (case.kind, case.anonymous, case.channel, case.confidentiality, case.party_id) == (
        "grievance", True, "page", Level.CONFIDENTIAL, None,
    )  # fmt: skip
    assert case.title == "Every morning there is dust at the school gate."
    services.say(here.manager, case, text="We look at it. Do you see the truck on Saturdays?")
    services.note(here.manager, case, text="Ask the contractor")
    services.promise_from_case(here.manager, case, kind="ours", title="An answer on the dust")
    client = _entered(case, passphrase)
    page = client.get("/report/talk/").content.decode()
    for words in ("Every morning", "Do you see the truck", "An answer on the dust", "Received", case.number):
        assert words in page, words
    for inside in ("Ask the contractor", "Manager", "Tidewall East", str(here.project.code)):
        assert inside not in page, inside
    assert client.post("/report/talk/tell/", {"text": "No, it does not come."}).status_code == 302
    assert "No, it does not come." in client.get("/report/talk/").content.decode()
    assert CaseWord.objects.get(side="ours").read_at is not None
    assert queries.case(here.manager, case.pk).acknowledged_at is not None
    assert client.post("/report/talk/leave/").status_code == 302
    assert client.get("/report/talk/")["Location"] == "/report/talk/enter/"


def test_a_page_that_is_off_or_unknown_is_not_there(at):
    here = world()
    address = _page(here)
    _page(here, is_on=False)
    assert Client().get(address).status_code == 404
    assert Client().post(address, TELL).status_code == 404
    assert Client().get("/report/nonsense/").status_code == 404
    assert Case.objects.unscoped("test").count() == 0


def test_number_and_passphrase_are_stored_as_a_slow_hash_and_typed_in_any_script(at):
    here = world()
    case, passphrase = _told(here, Client())
    digits = passphrase.replace(" ", "")
    assert digits not in json.dumps(CaseDoor.objects.get().secret)
    assert services.enter(case.number.lower(), digits) == case
    persian = passphrase.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    assert services.enter(case.number.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")), persian) == case
    assert services.enter(case.number, "0000 0000 0000 0000") is None
    everything = json.dumps(list(Entry.objects.unscoped("test").values("label", "changes", "data")))
    assert digits not in everything and passphrase not in everything


def test_a_wrong_number_and_a_wrong_passphrase_get_the_same_answer_after_the_same_work(at, monkeypatch):
    here = world()
    case, passphrase = _told(here, Client())
    logged = here.case("grievance", anonymous=True)
    checked: list[str] = []
    from enishi.cases.services import portal

    real = portal.check_password
    monkeypatch.setattr(
        portal, "check_password", lambda typed, secret: (checked.append(secret), real(typed, secret))[1]
    )
    bodies = []
    for number in (case.number, "G-2026-9999", logged.number, "nonsense"):
        wrong = "1111 2222 3333 4444"
        answer = Client().post("/report/talk/enter/", {"number": number, "passphrase": wrong})
        text = answer.content.decode().replace(number, "NUMBER")
        bodies.append(
            (answer.status_code, re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]+', "", text))
        )
    assert bodies[0][0] == 422 and "do not fit together" in bodies[0][1]
    assert bodies == [bodies[0]] * 4
    # Each asked for one slow comparison, with a hash of the same kind.
    assert len(checked) == 4 and {secret.split("$")[0] for secret in checked} == {checked[0].split("$")[0]}
    assert passphrase not in bodies[0][1]


def test_too_many_tries_wait_whether_or_not_the_number_exists(at):
    here = world()
    case, passphrase = _told(here, Client())
    for number in (case.number, "G-2026-9999"):
        given = {"number": number, "passphrase": "1"}
        answers = [Client().post("/report/talk/enter/", given).status_code for _try in range(11)]
        assert answers == [422] * 10 + [429], number
    right = {"number": case.number, "passphrase": passphrase}
    assert Client().post("/report/talk/enter/", right).status_code == 429


def test_reports_are_limited_and_not_doubled(at):
    here = world()
    address, client = _page(here), Client()
    assert client.post(address, TELL).status_code == 200
    again = client.post(address, TELL)
    assert (again.status_code, again["Location"]) == (302, "/report/talk/enter/")
    assert Case.objects.unscoped("test").count() == 1
    answers = [client.post(address, {**TELL, "once": str(number)}).status_code for number in range(2, 12)]
    assert answers.count(200) == 8 and answers[-1] == 429


def test_a_name_is_kept_only_when_it_is_given(at):
    here = world()
    named, _key = _told(here, Client(), who="named", name="Aoi", reach="090 1234 5678")
    assert (named.anonymous, named.teller_name, named.teller_reach) == (False, "Aoi", "090 1234 5678")
    case, _key = _told(here, Client(), who="anonymous", name="Aoi", reach="090 1234 5678", once="2")
    assert (case.anonymous, case.teller_name, case.teller_reach) == (True, "", "")
    missing = Client().post(_page(here), {**TELL, "who": "named", "once": "3"})
    assert missing.status_code == 422 and "or stay anonymous" in missing.content.decode()
    empty = Client().post(_page(here), {**TELL, "text": " ", "once": "4"})
    assert empty.status_code == 422 and "Tell us what happened." in empty.content.decode()


def _everything_stored() -> str:
    """Every column of every table, as text."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_the_address_for_news_never_shows_anywhere(at):
    here = world()
    client = Client()
    case, passphrase = _told(here, client)
    wrong = client.post("/report/talk/news/", {"address": "nonsense"})
    assert wrong.status_code == 422 and "no e-mail address" in wrong.content.decode()
    assert client.post("/report/talk/news/", {"address": SECRET_ADDRESS}).status_code == 302
    assert SECRET_ADDRESS not in client.get("/report/talk/").content.decode()
    stored = _everything_stored()
    assert SECRET_ADDRESS not in stored and "quiet.example" not in stored
    assert SECRET_ADDRESS.encode().hex() not in stored
    services.say(here.manager, case, text="Here is our answer.")
    assert SECRET_ADDRESS not in _everything_stored()
    staff = Client()
    staff.force_login(user_of(here.manager))
    pages = (
        f"/cases/{case.pk}/", f"/cases/{case.pk}/edit/", "/cases/?state=all", "/history/", "/search/?q=whistle",
        f"/history/of/cases.case/{case.pk}/", "/search/?q=quiet.example", f"/projects/{here.project.pk}/",
    )  # fmt: skip
    for address in pages:
        text = staff.get(address).content.decode()
        assert SECRET_ADDRESS not in text, address
    api = api_in(here.project, clearance=Level.RESTRICTED)
    for path in ("search?q=whistle", "promises", "interactions"):
        assert SECRET_ADDRESS not in api("GET", path).content.decode()
    # The mail says that there is news, and nothing else.
    services.send_news(case.pk)
    (sent,) = mail.outbox
    assert sent.to == [SECRET_ADDRESS]
    assert "/report/talk/enter/" in sent.body
    for inside in (case.number, "answer.", "dust", passphrase):
        assert inside not in sent.body + sent.subject
    client.post("/report/talk/news/", {"address": ""})
    services.send_news(case.pk)
    assert len(mail.outbox) == 1 and CaseDoor.objects.get().news_to is None


def test_what_is_sealed_opens_only_with_the_secret_of_the_installation(settings):
    sealed = seal(SECRET_ADDRESS)
    assert SECRET_ADDRESS.encode() not in sealed and unseal(sealed) == SECRET_ADDRESS
    assert seal(SECRET_ADDRESS) != sealed
    settings.SECRET_KEY = "another" * 10
    assert unseal(sealed) == ""


def test_satisfaction_and_appeal_come_from_outside(at):
    here = world()
    case, passphrase = _told(here, Client())
    client = _entered(case, passphrase)
    early = client.post("/report/talk/judge/", {"step": "2"})
    assert early.status_code == 422
    Case.objects.unscoped("test").update(
        stage="close",
        closed_at=case.opened_at,
        due_at=None,
        outcome="The road is wet now.",
        closed_by=here.manager.user_id,
    )
    page = client.get("/report/talk/").content.decode()
    assert "The road is wet now." in page and "Is the outcome enough for you?" in page
    assert client.post("/report/talk/judge/", {"step": "2", "words": "Still dusty"}).status_code == 302
    assert queries.case(here.manager, case.pk).satisfaction == 2
    assert client.post("/report/talk/appeal/", {"words": "Saturdays are as before"}).status_code == 302
    now = queries.case(here.manager, case.pk)
    assert (now.stage, now.appeal_words) == ("appeal", "Saturdays are as before")
    assert client.post("/report/talk/appeal/", {"words": "Once more"}).status_code == 422
    assert "Looked at again" in client.get("/report/talk/").content.decode()


def test_the_talk_closes_by_itself(at):
    here = world()
    case, passphrase = _told(here, Client())
    client = _entered(case, passphrase)
    at(NOW + dt.timedelta(minutes=9))
    assert client.get("/report/talk/").status_code == 200
    at(NOW + dt.timedelta(minutes=20))
    assert client.get("/report/talk/").status_code == 302
    assert client.post("/report/talk/tell/", {"text": "x"})["Location"] == "/report/talk/enter/"


def test_nothing_of_it_is_kept_by_browsers_and_every_form_has_its_token(at):
    here = world()
    for address in (_page(here), "/report/talk/enter/"):
        answer = Client().get(address)
        assert "no-store" in answer["Cache-Control"] and "noindex" in answer["X-Robots-Tag"]
        strict = Client(enforce_csrf_checks=True)
        assert strict.post(address, TELL).status_code == 403


def test_a_case_without_a_door_cannot_be_written_to(at):
    here = world()
    case = here.case("grievance", anonymous=True)
    with pytest.raises(services.CaseError, match="did not come by the public page"):
        services.say(here.manager, case, text="Hello")


def _jpeg() -> bytes:
    exif = b"Exif\x00\x00GPS 35.6 N 139.7 E"
    app1 = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    note = b"\xff\xfe" + (2 + 9).to_bytes(2, "big") + b"my camera"
    table = b"\xff\xdb" + (2 + 3).to_bytes(2, "big") + b"\x00\x01\x02"
    return (
        b"\xff\xd8"
        + app1
        + note
        + table
        + b"\xff\xda\x00\x02"
        + b"picture"
        + b"\xff\xd9"
        + b"hidden GPS tail"
    )


def test_photos_lose_place_and_device(at):
    clean = without_traces(_jpeg())
    assert (
        b"GPS" not in clean and b"camera" not in clean and b"picture" in clean and clean.endswith(b"\xff\xd9")
    )
    chunk = lambda kind, data: len(data).to_bytes(4, "big") + kind + data + b"\0\0\0\0"  # noqa: E731
    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", b"x")
        + chunk(b"eXIf", b"GPS")
        + chunk(b"IDAT", b"p")
        + chunk(b"IEND", b"")
    )
    assert b"GPS" not in without_traces(png) and b"IDAT" in without_traces(png)
    assert without_traces(b"plain words") == b"plain words"
    for broken in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\x00\x00", _jpeg()[:20]):
        with pytest.raises(Unreadable):
            without_traces(broken)
    here = world()
    case, _key = _told(here, Client(), uploads=[SimpleUploadedFile("gate.jpg", _jpeg())])
    version = FileVersion.objects.get()
    with storage.open_blob(version.sha256) as kept:
        assert b"GPS" not in kept.read()
    tied = queries.tied(here.manager, case)
    assert [(file.name, file.confidentiality) for file in tied.files] == [("gate.jpg", Level.CONFIDENTIAL)]
    large = [SimpleUploadedFile("a.bin", b"x" * (21 * 1024 * 1024))]
    refused = Client().post(_page(here), {**TELL, "once": "9", "uploads": large})
    assert refused.status_code == 422 and "larger than 20 MB" in refused.content.decode()
    many = [SimpleUploadedFile(f"{number}.txt", b"x") for number in range(6)]
    assert Client().post(_page(here), {**TELL, "once": "10", "uploads": many}).status_code == 422
    assert Case.objects.unscoped("test").count() == 1


def test_staff_write_from_the_page_of_the_case(at):
    here = world()
    case, passphrase = _told(here, Client())
    staff = Client()
    staff.force_login(user_of(here.manager))
    page = staff.get(f"/cases/{case.pk}/").content.decode()
    assert "Send to them" in page
    assert staff.post(f"/cases/{case.pk}/note/", {"text": "We look at it.", "to": "them"}).status_code == 302
    assert "We look at it." in _entered(case, passphrase).get("/report/talk/").content.decode()
    form = staff.get(f"/cases/public-page/{here.project.pk}/").content.decode()
    assert "/report/" in form
    assert staff.post(f"/cases/public-page/{here.project.pk}/", {"about": "X"}).status_code == 302
    assert not queries.page_of(here.project).is_on  # type: ignore[union-attr]
    other = Client()
    other.force_login(user_of(here.outsider))
    assert other.get(f"/cases/public-page/{here.project.pk}/").status_code == 404


def test_a_question_or_an_idea_is_an_enquiry_and_answered_the_same_way(at):
    here = world()
    address = _page(here)
    client = Client()
    page = client.get(address).content.decode()
    assert "within 5 working days" in page and "A question or an idea" in page
    asked = client.get(f"{address}?kind=enquiry").content.decode()
    assert "within 2 working days" in asked and "What would you like to know or say?" in asked
    assert "Nobody may treat you worse" not in asked
    empty = client.post(address, {**TELL, "kind": "enquiry", "text": " "})
    assert empty.status_code == 422 and "What would you like to know" in empty.content.decode()
    case, passphrase = _told(
        here, client, kind="enquiry", text="When do the pumps start?", who="named", name="Aoi"
    )
    assert (case.kind, case.number[:2], case.confidentiality, case.teller_name, case.channel) == (
        "enquiry", "Q-", Level.INTERNAL, "Aoi", "page",
    )  # fmt: skip
    services.say(here.manager, case, text="In May, by day only.")
    seen = _entered(case, passphrase).get("/report/talk/").content.decode()
    for words in ("Your message", "In May, by day only.", "Received", "Being answered"):
        assert words in seen, words


def test_a_page_for_grievances_alone_takes_nothing_else(at):
    here = world()
    address = _page(here, comments=False)
    assert "A question or an idea" not in Client().get(f"{address}?kind=enquiry").content.decode()
    for kind in ("enquiry", "issue", "nonsense"):
        refused = Client().post(_page(here, comments=kind != "enquiry"), {**TELL, "kind": kind})
        assert refused.status_code == 422, kind
        assert "Go back to its beginning" in refused.content.decode()
    assert Case.objects.unscoped("test").count() == 0
