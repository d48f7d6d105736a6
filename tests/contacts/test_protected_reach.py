"""E-mail addresses, phone numbers and postal addresses that only some roles show: no trace of them for anybody else."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.urls import reverse

from contacts.editing import as_user
from contacts.test_import_run import run_for
from enishi.accounts import queries, services
from enishi.accounts.access import Actor, Forbidden, Via, rights
from enishi.accounts.models import Project, Role, User
from enishi.contacts.models import ContactPoint, ImportRow, Party
from enishi.contacts.queries import columns, duplicates, filters, lists, places
from enishi.contacts.queries import importing as imports
from enishi.contacts.queries.record import choices
from enishi.contacts.queries.whole import as_data, whole
from enishi.contacts.services import (
    ContactError,
    PartyDraft,
    PointDraft,
    bulk,
    create_party,
    exporting,
    importing,
    merging,
    save_point,
    undo_change,
)
from enishi.contacts.services.duplicates import mark_different, scan
from enishi.contacts.services.places import put_town, set_place
from enishi.search import queries as search
from enishi.search.models import Document
from enishi.timeline.models import Entry
from enishi.timeline.services import undoer_for
from factories import SYSTEM, grant, manager, party, project, role, user

pytestmark = pytest.mark.django_db
EMAIL, PHONE, ADDRESS = "contacts.email", "contacts.phone", "contacts.address"
ALL = [EMAIL, PHONE, ADDRESS]
# What stands nowhere else: if an answer holds one of these, it tells.
SECRET = ("quillon", "7911123456", "07911", "Marrowgate", "Pellbrook", "-17.3125", "ZE2 9XY")


@pytest.fixture
def where() -> Project:
    return project("Tidewall East")


@pytest.fixture
def ada(where) -> Party:
    """Somebody who is reached in all three ways, and whose web page everybody sees."""
    made = party(where, "Ada Vale", email="ada@quillon.example")
    save_point(SYSTEM, made, PointDraft("phone", "07911 123456"))
    parts = {"street": "3 Marrowgate", "postcode": "ZE2 9XY", "city": "Pellbrook", "country": "GB"}
    home = save_point(SYSTEM, made, PointDraft("address", "", parts=parts))
    set_place(SYSTEM, made, home, (60.25, -17.3125))
    save_point(SYSTEM, made, PointDraft("web", "https://adavale.example"))
    services.administrator_role()
    services.protect_fields(SYSTEM, ALL)
    return Party.objects.unscoped("test").get(pk=made.pk)


def _person(where: Project | None, *, seen: Any = (), changed: Any = ()) -> Actor:
    somebody = user()
    given = role(codes=[code for code in rights() if not code.startswith("accounts.")])
    Role.objects.filter(pk=given.pk).update(
        seen_fields=sorted({*seen, *changed}), changed_fields=list(changed)
    )
    grant(somebody, where, given)
    return queries.actor(somebody, via=Via.WEB)


def _betrayed(text: str) -> list[str]:
    return [word for word in SECRET if word.lower() in text.lower()]


def _matching(actor: Actor, field: str, cmp: str, value: Any = None, *, op: str = "and") -> list[str]:
    spec = lists.ListSpec(filters.Node(op, (filters.Leaf(field, cmp, value),)))
    return [row.party.full_name for row in lists.page(actor, spec).rows]


def _shown(actor: Actor, pk: int) -> list[str]:
    return [point["kind"] for point in as_data(whole(actor, pk))["points"]]


def test_each_kind_is_a_field_of_its_own(where, ada):
    assert _shown(_person(where), ada.pk) == ["web"]
    assert _shown(_person(where, seen=[PHONE]), ada.pk) == ["phone", "web"]
    assert _shown(_person(where, seen=ALL), ada.pk) == ["address", "email", "phone", "web"]
    services.protect_fields(SYSTEM, [EMAIL])
    assert _shown(_person(where), ada.pk) == ["address", "phone", "web"]


def test_no_page_of_contacts_shows_it(where, ada):
    blind, seer = _person(where), _person(where, seen=ALL)
    contact = reverse("contacts:party", args=[ada.pk])
    history = reverse("timeline:of", args=["contacts.party", ada.pk])
    pages = [
        contact,
        f"{contact}?show=history",
        f"{reverse('contacts:list')}?columns=name&columns=email&columns=phone&columns=city",
        reverse("timeline:history"),
        history,
        f"{history}?at=2100-01-01",
        reverse("contacts:map"),
    ]
    for address in pages:
        closed, open_ = (as_user(who).get(address) for who in (blind, seer))
        assert closed.status_code == open_.status_code == 200, address
        assert not _betrayed(closed.content.decode()), address
        assert _betrayed(open_.content.decode()), address
    told = as_user(blind).get(contact).content.decode()
    assert "adavale.example" in told
    assert "mailto:" not in told
    assert "tel:" not in told
    for kind, status in (("email", 403), ("phone", 403), ("address", 403), ("web", 200)):
        assert as_user(blind).get(reverse("contacts:point_new", args=[ada.pk, kind])).status_code == status
        assert (reverse("contacts:point_new", args=[ada.pk, kind]) in told) == (kind == "web")
    for point in ada.points.exclude(kind="web"):
        hidden = as_user(blind).get(reverse("contacts:point", args=[ada.pk, point.pk]))
        assert hidden.status_code == 404


def test_seen_is_not_changed(where, ada):
    seer, changer, blind = _person(where, seen=ALL), _person(where, changed=[PHONE]), _person(where)
    phone = ada.points.get(kind="phone")
    mail = ada.points.get(kind="email")
    for who in (seer, blind):
        with pytest.raises(Forbidden):
            save_point(who, ada, PointDraft("phone", "020 7946 0000"), point=phone)
        with pytest.raises(Forbidden):
            save_point(who, ada, None, point=phone)
        with pytest.raises(Forbidden):
            save_point(who, ada, PointDraft("email", "new@quillon.example"))
    # One kind does not become another by the way.
    with pytest.raises(Forbidden):
        save_point(changer, ada, PointDraft("phone", "020 7946 0000"), point=mail)
    with pytest.raises(Forbidden):
        set_place(seer, ada, ada.points.get(kind="address"), None)
    with pytest.raises(Forbidden):
        create_party(
            seer,
            PartyDraft(full_name="Bo", points=[PointDraft("email", "b@o.example")]),
            project_ids=[where.pk],
        )
    save_point(changer, ada, PointDraft("phone", "020 7946 0000"), point=phone)
    assert ada.points.get(kind="phone").value == "+442079460000"
    seen = as_user(seer).get(reverse("contacts:party", args=[ada.pk])).content.decode()
    assert reverse("contacts:point", args=[ada.pk, phone.pk]) not in seen
    assert as_user(seer).get(reverse("contacts:point", args=[ada.pk, phone.pk])).status_code == 403
    form = as_user(blind).get(reverse("contacts:new_person")).content.decode()
    assert 'name="email"' not in form and 'name="phone"' not in form
    assert 'name="phone"' in as_user(changer).get(reverse("contacts:new_person")).content.decode()


@pytest.mark.parametrize(
    ("field", "value", "other"),
    [
        ("email", "quillon", "nowhere"),
        ("phone", "7911", "555555"),
        ("address", "Marrowgate", "Nowhere"),
        ("country", ["GB"], ["JP"]),
        ("town", "Pellbrook", "Nowhere"),
    ],
)
def test_a_filter_on_it_finds_nobody_whichever_way_it_is_asked(where, ada, field, value, other):
    name = field if field in ("email", "phone") else "address"
    blind, seer = _person(where), _person(where, seen=[f"contacts.{name}"])
    yes = next(cmp for cmp in ("has", "is") if cmp in filters.BUILT_IN[field].compare)
    assert _matching(seer, field, yes, value) == ["Ada Vale"]
    assert [_matching(blind, field, cmp, value) for cmp in (yes, "not")] == [[], []]
    assert _matching(blind, field, yes, value, op="not") == _matching(blind, field, yes, other, op="not")
    if "empty" in filters.BUILT_IN[field].compare:
        assert _matching(blind, field, "empty") == []
    assert field not in {one.code for one in filters.all_fields(blind)}
    assert field in {one.code for one in filters.all_fields(seer)}


def test_the_map_does_not_tell_where_somebody_lives(where, ada):
    blind, seer, spec = _person(where), _person(where, seen=[ADDRESS]), lists.ListSpec()
    box = (-20.0, 55.0, -10.0, 65.0)
    assert [cell.name for cell in places.cells(seer, spec, box)] == ["Ada Vale"]
    assert places.extent(seer, spec) == (-17.3125, 60.25, -17.3125, 60.25)
    assert [line.name for line in places.towns(seer, spec)[0]] == ["Pellbrook"]
    assert places.cells(blind, spec, box) == []
    assert places.extent(blind, spec) is None
    assert places.towns(blind, spec) == ([], False)
    assert places.unplaced(blind, spec).number == 0
    drawn = "60.25,-17.3125;5000"
    for cmp in ("is", "not"):
        assert _matching(blind, "area", cmp, drawn) == []
        assert _matching(blind, "placed", cmp) == []
    assert _matching(seer, "area", "is", drawn) == ["Ada Vale"]
    # Putting a town on the map moves, and counts, only addresses that one may change.
    other = party(where, "Bo Sten")
    grown = _person(None)
    ContactPoint.objects.filter(party=ada, kind="address").update(place_source="town")
    _town, operation = put_town(grown, country="GB", name="Pellbrook", position=(1.0, 1.0))
    assert operation is None and other.pk
    assert ada.points.get(kind="address").latitude == 60.25


def test_lists_and_exports_leave_it_out(where, ada):
    other = project("Port")
    party(other, "Bo Sten", email="bo@sten.example")
    blind, half = _person(where), _person(where, seen=[EMAIL])
    assert {"email", "phone", "city"}.isdisjoint(columns.all_columns(blind))
    assert "email" in columns.all_columns(half)
    spec = lists.ListSpec(columns=("name", "email", "phone", "city"))
    assert [row.points for row in lists.page(blind, spec).rows] == [{}]

    def rows(actor: Actor, codes: Any = None) -> list[dict[str, str]]:
        export = exporting.start_export(
            actor, bulk.Selection(spec=lists.ListSpec()), format="csv", columns=codes
        )
        text = b"".join(exporting.csv_lines(export)).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    for codes in (None, ("name", "email", "phone", "city")):
        (row,) = rows(blind, codes)
        assert not [header for header in row if header.startswith(("E-mail", "Phone", "Address"))]
        assert not _betrayed(json.dumps(row))
    grant(User.objects.get(pk=half.user_id), other, role(codes=sorted(rights())))
    half = queries.actor(User.objects.get(pk=half.user_id), via=Via.WEB)
    assert {row["Name"]: row["E-mail 1"] for row in rows(half)} == {
        "Bo Sten": "",
        "Ada Vale": "ada@quillon.example",
    }
    book = io.BytesIO()
    export = exporting.start_export(blind, bulk.Selection(spec=lists.ListSpec()), format="xlsx")
    exporting.write_xlsx(export, book)
    assert not [header for header in export.headers if header.startswith(("E-mail", "Phone", "Address"))]


@pytest.mark.parametrize(
    "typed",
    [
        "quillon",
        "ada@quillon.example",
        "m",
        "07911 123456",
        "7911123456",
        "Marrowgate",
        "Pellbrook",
        "ZE2 9XY",
        "Ada quillon",
    ],
)
def test_typing_it_finds_nobody(where, ada, typed):
    blind, seer = _person(where), _person(where, seen=ALL)
    assert [hit.title for hit in search.find(seer, typed)] == ["Ada Vale"]
    assert search.find(blind, typed) == []
    assert choices(blind, typed) == []
    assert _matching(seer, "text", "has", typed) == ["Ada Vale"]
    assert _matching(blind, "text", "has", typed) == []
    for address in (f"{reverse('search')}?q={typed}", f"{reverse('search_suggest')}?q={typed}"):
        answer = as_user(blind).get(address)
        assert answer.status_code == 200 and "Ada Vale" not in answer.content.decode(), address


def test_names_are_found_as_ever_and_in_the_same_order(where, ada):
    blind = _person(where)
    # Her address begins with the very word, which must not lift her above somebody whose name does.
    party(where, "Tom Quill", email="x@y.example")
    party(where, "Adamski Vale")
    assert [hit.title for hit in search.find(blind, "vale")] == ["Ada Vale", "Adamski Vale"]
    assert [hit.title for hit in search.find(blind, "quill")] == ["Tom Quill"]
    assert [hit.title for hit in search.find(blind, "a")] == ["Ada Vale", "Adamski Vale"]
    assert [hit.title for hit in search.find(blind, "adavale.example")] == ["Ada Vale"]
    half = _person(where, seen=[PHONE])
    assert [hit.title for hit in search.find(half, "07911 123456")] == ["Ada Vale"]
    assert search.find(half, "Marrowgate") == []


def test_what_was_indexed_before_is_indexed_anew(where, ada, monkeypatch):
    from enishi.contacts import tasks

    Document.objects.unscoped("test").update(ends=None)
    blind = _person(where)
    assert search.find(blind, "vale") == search.find(blind, "quillon") == []
    tasks.part_words()
    assert [hit.title for hit in search.find(blind, "vale")] == ["Ada Vale"]
    assert search.find(blind, "quillon") == []


def test_nobody_learns_of_it_by_entering_the_same(where, ada):
    blind, seer = _person(where), _person(where, seen=ALL)
    same = duplicates.Entered(full_name="Cy Dorn", emails=["ada@quillon.example"], phones=["+447911123456"])
    assert [match.reasons for match in duplicates.similar(seer, same)] == [("email", "phone")]
    assert duplicates.similar(blind, same) == []
    named = duplicates.Entered(full_name="Ada Vale", emails=["ada@quillon.example"], postcodes=["GB:ze2 9xy"])
    assert [(m.score, m.reasons) for m in duplicates.similar(blind, named)] == [(70, ("name",))]
    typed = {"name": "Cy Dorn", "email": "ada@quillon.example", "phone": "07911 123456"}
    answer = as_user(blind).get(reverse("contacts:similar"), typed)
    assert "Ada Vale" not in answer.content.decode()
    # The beginning of a hidden address is no beginning of a name.
    begins = duplicates.Entered(full_name="Quillon Ada")
    assert duplicates.similar(blind, begins) == []


def test_pairs_that_rest_on_it_are_not_listed(where, ada):
    twin = party(where, "A. Vale", email="ada@quillon.example")
    both = party(where, "Ada Vail", email="ada@quillon.example")
    save_point(SYSTEM, both, PointDraft("phone", "07911 123456"))
    scan()
    blind, seer, phones = _person(where), _person(where, seen=ALL), _person(where, seen=[PHONE])
    assert len(duplicates.pairs(seer)) == duplicates.open_pairs(seer) == 3
    assert duplicates.pairs(blind) == [] and duplicates.open_pairs(blind) == 0
    (left,) = duplicates.pairs(phones)
    assert ({left.first_id, left.second_id}, left.reasons) == ({ada.pk, both.pk}, ["phone", "similar"])
    assert left.score == 90
    page = as_user(blind).get(reverse("contacts:merge_pair", args=[ada.pk, twin.pk])).content.decode()
    assert not _betrayed(page)
    assert "same e-mail" not in page
    assert (
        "same e-mail"
        in as_user(seer).get(reverse("contacts:merge_pair", args=[ada.pk, twin.pk])).content.decode()
    )
    # Whoever decides without seeing decides about the pair itself.
    mark_different(blind, ada, twin)
    assert len(duplicates.pairs(seer)) == 2


def test_a_merge_moves_what_is_not_seen_without_showing_it(where, ada):
    twin = party(where, "Ada Vale", email="second@quillon.example")
    blind = _person(where)
    preview = merging.preview_merge(blind, twin, ada)
    assert [(line.stays, line.comes and line.comes.kind) for line in preview.points] == [(None, "web")]
    assert preview.total == len(preview.points) + sum(n for _label, n in preview.moves)
    mail = ada.points.get(kind="email")
    # A number that is not on the page is not left behind.
    done = merging.merge(blind, kept=twin, gone=ada, leave_points=[mail.pk])
    assert sorted(twin.points.values_list("kind", flat=True)) == ["address", "email", "email", "phone", "web"]
    page = as_user(blind).get(reverse("timeline:operation", args=[done.pk]))
    assert page.status_code in {200, 404} and not _betrayed(page.content.decode())
    plan = undoer_for(blind, done).preview(blind, done)
    assert not _betrayed(str(plan))


def test_history_tells_of_it_only_to_whom_sees_it(where, ada):
    phone = ada.points.get(kind="phone")
    save_point(SYSTEM, ada, PointDraft("phone", "020 7946 0000", status="good"), point=phone)
    entry = Entry.objects.unscoped("test").filter(subject_id=ada.pk).latest("pk")
    half = _person(where, seen=[EMAIL])
    page = as_user(half).get(reverse("timeline:of", args=["contacts.party", ada.pk])).content.decode()
    assert "ada@quillon.example" in page
    assert "7911" not in page and "7946" not in page and "Marrowgate" not in page
    # Of a change that is not read no line is left.
    from enishi.timeline import words

    assert words.told(half, entry).rows == []
    assert [row["new"] for row in words.told(_person(where, seen=[PHONE]), entry).rows] != []


def test_undoing_brings_nothing_back_that_one_may_no_longer_change(where, ada):
    changer = _person(where, changed=[PHONE])
    phone = ada.points.get(kind="phone")
    save_point(changer, ada, PointDraft("phone", "020 7946 0000"), point=phone)
    entry = Entry.objects.unscoped("test").filter(user=changer.user_id).latest("pk")
    Role.objects.filter(grants__user=changer.user_id).update(changed_fields=[])
    later = queries.actor(User.objects.get(pk=changer.user_id), via=Via.WEB)
    with pytest.raises(ContactError):
        undo_change(later, ada, entry)
    assert ada.points.get(kind="phone").value == "+442079460000"
    Role.objects.filter(grants__user=changer.user_id).update(changed_fields=[PHONE])
    undo_change(queries.actor(User.objects.get(pk=changer.user_id), via=Via.WEB), ada, entry)
    assert ada.points.get(kind="phone").value == "+447911123456"


def test_an_import_neither_matches_by_it_nor_writes_it(where, ada):
    text = (
        "Name,Email,Phone,Street,City\n"
        "A Vale,ada@quillon.example,07911 123456,3 Marrowgate,Pellbrook\n"
        "Bo Sten,bo@sten.example,020 7946 0001,4 Elm Row,Ashby\n"
        ",only@mail.example,,,\n"
    )
    blind, changer = _person(where), _person(where, changed=ALL)
    run = run_for(text, where, actor=blind)
    found = dict(ImportRow.objects.filter(run=run).values_list("number", "action"))
    # The row without a name has nothing left that could name it.
    assert sorted(found.values()) == ["create", "create", "refuse"]
    assert not _betrayed(
        json.dumps([row.suspects for row in imports.rows(blind, run, action="")], default=str)
    )
    importing.begin(blind, run)
    importing.apply(blind, run)
    bo = Party.objects.unscoped("test").get(full_name="Bo Sten")
    assert (bo.points.count(), bo.note) == (0, "")
    assert Party.objects.unscoped("test").filter(full_name="A Vale").count() == 1
    # Where they may change it, the same file finds her.
    run = run_for(text.replace("Elm", "Oak"), where, actor=changer)
    first = ImportRow.objects.get(run=run, party_id=ada.pk)
    assert first.action in {"same", "update"}
    # The file of a colleague that fills it is not opened.
    from enishi.contacts.models import ImportRun

    with pytest.raises(ImportRun.DoesNotExist):
        imports.run(blind, run.pk)
    assert imports.run(changer, run.pk) == run


def test_matching_across_projects_stays_silent_about_what_is_hidden_there(where, ada):
    """Whoever sees her addresses in no project of hers, and may import into one of their own, learns nothing."""
    importer = user("Importer")
    grant(importer, where, role(codes=["contacts.view"]))
    mine = project("Mine")
    all_there = role(codes=sorted(rights()))
    Role.objects.filter(pk=all_there.pk).update(seen_fields=ALL, changed_fields=ALL)
    grant(importer, mine, all_there)
    who = queries.actor(importer, via=Via.WEB)
    assert _shown(who, ada.pk) == ["web"]
    run = run_for("Name,Email,Phone\nA Vale,ada@quillon.example,07911 123456\n", mine, actor=who)
    row = ImportRow.objects.get(run=run)
    assert (row.action, row.matches) == ("create", [])


def test_the_api_neither_tells_nor_takes_it(where, ada):
    somebody = User.objects.get(pk=_person(where).user_id)
    scopes = ["contacts.view", "contacts.edit"]
    token = services.create_token(queries.actor(somebody, via=Via.WEB), name="t", scopes=scopes, days=7)[1]
    client, head = as_user(queries.actor(somebody, via=Via.WEB)), {"authorization": f"Bearer {token}"}
    told = client.get(f"/api/v1/parties/{ada.pk}", headers=head)
    assert [point["kind"] for point in told.json()["points"]] == ["web"]
    assert not _betrayed(told.content.decode())
    listed = client.get("/api/v1/parties", headers=head).json()["items"]
    assert [(one["email"], one["phone"]) for one in listed] == [("", "")]
    for q in ("quillon", "7911123456", "Marrowgate"):
        assert client.get("/api/v1/parties", {"q": q}, headers=head).json()["items"] == []
        assert not client.get("/api/v1/search", {"q": q}, headers=head).json()
    asked = filters.as_json(filters.Node("and", (filters.Leaf("email", "has", "quillon"),)))
    assert client.get("/api/v1/parties", {"filter": json.dumps(asked)}, headers=head).json()["items"] == []
    mail = ada.points.get(kind="email").pk
    points = f"/api/v1/parties/{ada.pk}/points"
    sent = client.post(
        points,
        json.dumps({"kind": "email", "typed": "n@quillon.example"}),
        content_type="application/json",
        headers=head,
    )
    assert sent.status_code == 403
    assert client.delete(f"{points}/{mail}", headers=head).status_code == 404
    made = client.post(
        "/api/v1/parties",
        json.dumps(
            {
                "full_name": "Bo",
                "project_ids": [where.pk],
                "points": [{"kind": "phone", "typed": "020 7946 0000"}],
            }
        ),
        content_type="application/json",
        headers=head,
    )
    assert made.status_code == 403


def test_administrators_see_everything_and_nobody_gives_what_they_do_not_see(where, ada):
    boss = user("Boss")
    grant(boss, None, services.administrator_role())
    assert _shown(queries.actor(boss, via=Via.WEB), ada.pk) == ["address", "email", "phone", "web"]
    with pytest.raises(services.BeyondOwnRights, match="Phone numbers"):
        services.create_role(manager(), name="Callers", codes=[], clearance=1, seen_fields=[PHONE])
    listed = as_user(queries.actor(boss, via=Via.WEB)).get(reverse("accounts:role_fields")).content.decode()
    assert all(name in listed for name in ("E-mail addresses", "Phone numbers", "Postal addresses"))
