"""What was given of promised amounts: dated, proven, corrected, taken out and brought back."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction

from api.tokens import api_in
from commitments.test_amounts import EUR, client, fresh, make
from commitments.world import NOW, World, world
from enishi.accounts.access import Actor, Forbidden, Level
from enishi.commitments import queries, services
from enishi.commitments.models import Contribution, Promise, Proof
from enishi.commitments.personal import CommitmentsKeeper
from enishi.core import storage
from enishi.core.money import Money
from enishi.core.personal import Subject
from enishi.privacy.services import export_of_job, run_export, start_export
from enishi.privacy.services.erasing import erase_now
from enishi.timeline.as_of import as_of
from enishi.timeline.models import Entry
from enishi.timeline.queries import history_of
from enishi.timeline.words import stood, told
from factories import SYSTEM, agent, manager, outsider

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
DAY = dt.timedelta(days=1)


def euros(amount: object) -> Money:
    return Money(Decimal(str(amount)), "EUR")


def give(here: World, promise: Promise, amount: object = 2000, **values: object) -> Contribution:
    given = {"day": TODAY - 3 * DAY, "money": euros(amount), **values}
    return services.give(here.agent, promise, **given)


def amounts(promise: Promise) -> list[str]:
    return [str(row) for row in promise.contributions.order_by("day", "pk")]


def last(promise: Promise) -> Entry:
    return history_of(SYSTEM, "commitments.promise", promise.pk)[0]


def test_given_in_parts_with_proof(at):
    here = world()
    promise = make(here)
    give(here, promise, "2000.50", note="First  half", proof_text="Bank slip 12")
    give(here, fresh(promise), 1000, in_kind=True, day=TODAY)
    found = queries.given(here.agent, fresh(promise))
    assert (found.given, found.left, found.over) == (euros("3000.5"), euros("1999.5"), None)
    assert [(str(row), row.in_kind, row.note) for row in found.rows] == [
        ("2000.5 EUR", False, "First half"),
        ("1000 EUR", True, ""),
    ]
    assert Proof.objects.get().contribution_id == found.rows[0].pk
    assert fresh(promise).version == 3
    entry = list(history_of(SYSTEM, "commitments.promise", promise.pk))[-2]
    assert entry.event == "commitments.contribution_added"
    assert set(told(SYSTEM, entry).facts) == {
        ("Given", "€2,000.50, 14 Nov"), ("Note", "First half"),
    }  # fmt: skip
    give(here, fresh(promise), 2500)
    found = queries.given(here.agent, fresh(promise))
    assert (found.left, found.over) == (None, euros("500.5"))
    assert queries.given(here.agent, make(here, money=None)) is None


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"money": Money(Decimal(5), "USD")}, "money"),
        ({"money": euros(0)}, "money"),
        ({"day": TODAY + DAY}, "day"),
    ],
)
def test_what_cannot_be_given_is_refused(at, values, field):
    here = world()
    promise = make(here)
    kept = give(here, promise)
    for attempt in (
        lambda: give(here, promise, **values),
        lambda: services.change_contribution(here.agent, kept, **values),
    ):
        with pytest.raises(services.CommitmentError) as refused:
            attempt()
        assert refused.value.field == field
    assert amounts(promise) == ["2000 EUR"]


def test_only_of_a_promised_amount_and_in_its_currency(at):
    here = world()
    with pytest.raises(services.CommitmentError, match="Write first which amount was promised"):
        give(here, make(here, money=None))
    promise = make(here)
    row = give(here, promise)
    for money in (None, Money(Decimal(5000), "USD")):
        with pytest.raises(services.CommitmentError, match="given in EUR already") as refused:
            services.change_promise(here.agent, fresh(promise), money=money)
        assert refused.value.field == "money"
    services.change_promise(here.agent, fresh(promise), money=euros(100))
    for statement in (
        "UPDATE commitments_contribution SET currency = 'USD' WHERE id = %s",
        "UPDATE commitments_contribution SET amount = 0 WHERE id = %s",
        "UPDATE commitments_promise SET currency = 'USD' WHERE id = (SELECT promise_id FROM commitments_contribution WHERE id = %s)",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [row.pk])


def test_corrected_and_back(at):
    here = world()
    promise = make(here)
    row = give(here, promise, note="Half")
    changed = services.change_contribution(
        here.agent, row, money=euros(1500), note="Less than half", proof_text="Slip"
    )
    assert amounts(promise) == ["1500 EUR"]
    entry = next(e for e in history_of(SYSTEM, "commitments.promise", promise.pk) if "given" in e.changes)
    assert [(line["old"], line["new"]) for line in told(SYSTEM, entry).rows] == [
        ("€2,000, 14 Nov", "€1,500, 14 Nov")
    ]
    assert told(SYSTEM, entry).facts == [("Note", "Less than half")]
    assert Proof.objects.get().contribution_id == row.pk
    before = last(promise).pk
    services.change_contribution(here.agent, row, money=euros(1500))
    assert last(promise).pk == before
    services.undo(here.agent, changed.undo_entry)
    assert [(str(one), one.note) for one in promise.contributions.all()] == [("2000 EUR", "Half")]
    services.change_contribution(here.agent, row, note="")
    with pytest.raises(services.CommitmentError, match="changed since"):
        services.undo(here.agent, changed.undo_entry)


def test_taken_out_and_back_with_its_proof(at):
    here = world()
    promise = make(here)
    row = give(here, promise, note="Half", proof_text="Slip")
    entry = services.remove_contribution(here.agent, row)
    assert amounts(promise) == []
    assert Proof.objects.get().contribution_id is None
    assert entry.changes["given"] == [
        {"id": row.pk, "amount": "2000 EUR", "day": "2026-11-14", "in_kind": False},
        None,
    ]
    services.undo(here.agent, entry.pk)
    back = promise.contributions.get()
    assert (back.pk, str(back), back.note) == (row.pk, "2000 EUR", "Half")
    assert Proof.objects.get().contribution_id == back.pk
    with pytest.raises(services.CommitmentError, match="changed since"):
        services.undo(here.agent, entry.pk)
    services.undo(here.agent, last(promise).pk)
    assert amounts(promise) == []


def test_undone_at_once(at):
    here = world()
    promise = make(here)
    row = give(here, promise)
    services.undo(here.agent, row.undo_entry)
    assert amounts(promise) == []
    with pytest.raises(Entry.DoesNotExist):
        services.undo(agent(here.project), row.undo_entry)


def test_a_deleted_promise_comes_back_with_what_was_given(at):
    here = world()
    promise = make(here)
    give(here, promise, note="Half", proof_text="Slip")
    entry = services.delete_promise(here.manager, fresh(promise))
    assert not Contribution.objects.exists()
    services.undo(here.manager, entry.pk)
    assert [(str(row), row.note) for row in promise.contributions.all()] == [("2000 EUR", "Half")]
    assert Proof.objects.get().contribution_id == promise.contributions.get().pk


def test_who_may(at):
    here = world()
    promise = make(here)
    row = give(here, promise)
    reader = agent(here.project, codes=["commitments.view", "contacts.view"])
    for other in (reader, outsider()):
        with pytest.raises(Forbidden):
            services.give(other, promise, day=TODAY, money=EUR)
        with pytest.raises(Forbidden):
            services.change_contribution(other, row, money=EUR)
        with pytest.raises(Forbidden):
            services.remove_contribution(other, row)
    with pytest.raises(Contribution.DoesNotExist):
        queries.contribution(outsider(), row.pk)
    assert client(outsider()).get(f"/promises/given/{row.pk}/edit/").status_code == 404
    assert client(reader).get(f"/promises/given/{row.pk}/edit/").status_code == 403


def test_nobody_without_clearance_meets_what_was_given_of_a_confidential_promise(at):
    here = world()
    boss = manager(here.project)
    promise = make(here, boss, confidentiality=Level.CONFIDENTIAL)
    row = services.give(boss, promise, day=TODAY, money=euros(777), note="Quietly")
    assert "€777" in client(boss).get(f"/promises/{promise.pk}/").content.decode()
    browser = client(here.agent)
    for page in (f"{promise.pk}/give/", f"given/{row.pk}/edit/"):
        assert browser.get(f"/promises/{page}").status_code == 404
        assert browser.post(f"/promises/{page}", {"money": "5", "day": "2026-11-01"}).status_code == 404
    assert browser.post(f"/promises/given/{row.pk}/remove/").status_code == 404
    api = api_in(here.project)
    assert api("GET", f"promises/{promise.pk}/contributions").status_code == 404
    assert api("PATCH", f"promises/contributions/{row.pk}", {"amount": 1}).status_code == 404
    assert api("DELETE", f"promises/contributions/{row.pk}").status_code == 404
    assert amounts(promise) == ["777 EUR"]


def test_on_the_page(at):
    here = world()
    promise = make(here)
    browser = client(here.agent)
    page = f"/promises/{promise.pk}/"
    assert "€5,000 still to give" in browser.get(page).content.decode()
    sent = {"money": "2 000", "day": "14 Nov 2026", "in_kind": "on", "note": "Two buses", "proof_text": "Slip 12",
            "file": SimpleUploadedFile("slip.txt", b"paid"), "version": promise.version}  # fmt: skip
    assert browser.post(f"{page}give/", sent).status_code == 302
    [row] = promise.contributions.all()
    assert (str(row), row.day, row.in_kind) == ("2000 EUR", dt.date(2026, 11, 14), True)
    shown = browser.get(page).content.decode()
    for words in ("€2,000", "Two buses", "slip.txt", "In kind", "€3,000 still to give"):
        assert words in shown, words
    late = browser.post(f"{page}give/", {"money": "5", "day": "2026-11-14", "version": promise.version})
    assert late.status_code == 422
    assert "Somebody else has changed this" in late.content.decode()
    wrong = {"money": "5 USD", "day": "2026-12-24", "version": fresh(promise).version}
    assert "This was promised in EUR" in browser.post(f"{page}give/", wrong).content.decode()
    edit = f"/promises/given/{row.pk}/edit/"
    assert 'value="2000 EUR"' in browser.get(edit).content.decode()
    browser.post(edit, {"money": "6000", "day": "2026-11-14", "version": fresh(promise).version})
    assert "€1,000 more than promised" in browser.get(page).content.decode()
    browser.post(f"/promises/given/{row.pk}/remove/")
    assert amounts(promise) == []
    services.settle_promise(here.agent, fresh(promise), state="kept")
    assert "Kept, with €5,000 not written down as given" in browser.get(page).content.decode()


def test_through_the_api(at):
    here = world()
    promise, api = make(here), api_in(here.project)
    path = f"promises/{promise.pk}/contributions"
    made = api("POST", path, {"day": "2026-11-10", "amount": "2000.5", "note": "Half", "proof": "Slip 12"})
    assert made.status_code == 201
    body = made.json()
    assert (body["amount"], body["currency"], body["day"], body["in_kind"], body["note"]) == (
        "2000.5", "EUR", "2026-11-10", False, "Half",
    )  # fmt: skip
    assert [one["id"] for one in api("GET", path).json()] == [body["id"]]
    own = f"promises/contributions/{body['id']}"
    assert api("PATCH", own, {"in_kind": True}).json()["amount"] == "2000.5"
    assert api("PATCH", own, {"amount": 10}).json() | {"created_at": ""} == {
        **body, "amount": "10", "in_kind": True, "created_at": "",
    }  # fmt: skip
    for wrong in ({"currency": "USD"}, {"day": "2031-01-01"}, {"amount": 0}):
        assert api("PATCH", own, wrong).status_code == 422, wrong
    assert api("PATCH", own, {"amount": 11}, If_Match='"1"').status_code == 412
    reader: Actor = api_in(here.project, codes=["commitments.view"])
    assert reader("POST", path, {"day": "2026-11-10", "amount": 1}).status_code == 403
    assert api("DELETE", own).status_code == 204
    assert api("GET", path).json() == []


def test_an_erasure_takes_the_note_out_of_the_row_and_the_history(at):
    here = world()
    promise = make(here)
    give(here, promise, note="For her roof")
    services.settle_promise(here.agent, fresh(promise), state="kept")
    erase_now(here.manager, here.person, ground="objected", reason="Letter")
    assert promise.contributions.get().note == ""
    told_of = Entry.objects.unscoped("test").filter(subject_type="commitments.promise", subject_id=promise.pk)
    assert "roof" not in str([(entry.changes, entry.data) for entry in told_of])
    assert amounts(promise) == ["2000 EUR"]


def test_somebody_is_told_what_was_given_to_them(at):
    here = world()
    promise = make(here, money=euros("5000.50"), purpose="compensation", for_people=3)
    give(here, promise, note="For the roof", in_kind=True)
    secret = make(here, here.manager, title="Quiet", confidentiality=Level.CONFIDENTIAL)
    services.give(here.manager, secret, day=TODAY, money=euros(1))
    started = start_export(here.manager, here.person, language="en")
    export = run_export(here.manager, export_of_job(started.pk))
    archive = zipfile.ZipFile(io.BytesIO(storage.path_of(export.sha256).read_bytes()))
    chapters = {one["code"]: one for one in json.loads(archive.read("data.json"))["chapters"]}
    told_of = next(row for row in chapters["promises"]["rows"] if row["title"] == "Fund the school bus")
    assert (told_of["amount"], told_of["currency"], told_of["purpose"]) == ("5000.5", "EUR", "compensation")
    first = chapters["given"]["rows"][0]
    assert first == {
        "promise": "Fund the school bus", "day": "2026-11-14", "amount": "2000", "currency": "EUR", "in_kind": True,
        "note": "For the roof",
    }  # fmt: skip
    keeper = CommitmentsKeeper()
    subject = Subject(party_id=here.person.pk, party_ids=(here.person.pk,))
    seen = {chapter.code: chapter for chapter in keeper.tell(here.agent, subject)}
    assert (len(seen["given"].rows), seen["given"].withheld) == (1, 1)


def test_as_it_was_then_each_part_stands_by_itself(at):
    here = world()
    promise = make(here)
    first = give(here, promise, 2000)
    then = last(promise)
    services.change_contribution(here.agent, first, money=euros(1500), in_kind=True)
    give(here, fresh(promise), 700)
    entries = list(history_of(SYSTEM, "commitments.promise", promise.pk))[::-1]
    found = stood("commitments.promise", as_of(entries, (then.at, then.pk)))
    assert [(row["then"], row["now"], row["changed"]) for row in found if row["field"] == "Given"] == [
        ("€2,000, 14 Nov", "€1,500 in kind, 14 Nov", True),
        ("", "€700, 14 Nov", True),
    ]
