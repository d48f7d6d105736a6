"""Where addresses lie: by hand, by their town, from the gazetteer; undone, and never out of the reader's sight."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from contacts.editing import fresh
from enishi.accounts.access import Forbidden, Level
from enishi.contacts.models import ContactPoint, Party, Town
from enishi.contacts.queries import places, tree
from enishi.contacts.queries.lists import ListSpec, matching_parties
from enishi.contacts.services import ContactError, PointDraft, save_point, undo_change
from enishi.contacts.services import places as placing
from enishi.core import gazetteer
from enishi.timeline.models import Entry, Operation
from enishi.timeline.services import undo_operation
from factories import READ, SYSTEM, agent, manager, outsider, party, project

pytestmark = pytest.mark.django_db
EVERYBODY = ListSpec()


def living(
    where, name: str, city: str, *, country: str = "GB", at: tuple[float, float] | None = None, **more
) -> Party:
    made = party(where, name, **more)
    parts = {"street": "1 Cliff Road", "city": city, "country": country}
    point = save_point(SYSTEM, made, PointDraft("address", "", parts=parts))
    if at is not None:
        placing.set_place(SYSTEM, made, point, at)
    return made


def address(of: Party) -> ContactPoint:
    return of.points.get(kind="address")


def place(of: Party) -> tuple[float | None, float | None, str]:
    point = address(of)
    return point.latitude, point.longitude, point.place_source


def inside(actor, area: str) -> set[str]:
    spec = ListSpec(filter=tree.Node("and", (tree.Leaf("area", "is", [area]),)))
    return set(matching_parties(actor, spec).values_list("full_name", flat=True))


def last_entry(of: Party) -> Entry:
    return Entry.objects.unscoped("test").filter(subject_type="contacts.party", subject_id=of.pk).latest("id")


@pytest.fixture
def gazette(monkeypatch):
    """A gazetteer of one town, that counts how often it is asked."""
    asked: list[set[tuple[str, str]]] = []

    def look_up(names):
        asked.append(set(names))
        return {name: (54.48774, -0.61498) for name in names if name[1] == "Whitby"}

    monkeypatch.setattr(gazetteer, "look_up", look_up)
    return asked


def test_a_place_put_by_hand_is_told_and_undone(here, actor):
    shirin = living(here, "Shirin Mohtadi", "Port Hallow")
    placing.set_place(actor, shirin, address(shirin), (55.5, -1.6))
    assert place(shirin) == (55.5, -1.6, "hand")
    entry = last_entry(shirin)
    before, after = entry.changes["points"]
    assert "place" not in before[0]
    assert after[0]["place"] == {"latitude": 55.5, "longitude": -1.6, "source": "hand"}
    version = fresh(shirin).version
    undo_change(actor, fresh(shirin), entry)
    assert place(shirin) == (None, None, "")
    assert fresh(shirin).version > version


def test_nothing_is_written_twice_for_the_same_place(here, actor):
    shirin = living(here, "Shirin Mohtadi", "Port Hallow", at=(55.5, -1.6))
    version = fresh(shirin).version
    placing.set_place(actor, shirin, address(shirin), (55.5, -1.6))
    assert fresh(shirin).version == version


@pytest.mark.parametrize("position", [(91, 0), (-90.1, 0), (0, 180.5), (float("nan"), 0), (0, float("inf"))])
def test_what_is_not_on_earth_is_refused_before_and_in_the_database(here, actor, position):
    shirin = living(here, "Shirin Mohtadi", "Port Hallow")
    with pytest.raises(ContactError, match="between"):
        placing.set_place(actor, shirin, address(shirin), position)
    with pytest.raises(IntegrityError), transaction.atomic():
        ContactPoint.objects.filter(pk=address(shirin).pk).update(
            latitude=position[0], longitude=position[1], place_source="hand"
        )


def test_only_an_address_has_a_place(here, actor):
    shirin = party(here, "Shirin Mohtadi", email="shirin@ushio.example")
    with pytest.raises(ContactError, match="postal address"):
        placing.set_place(actor, shirin, shirin.points.get(), (1, 2))
    for values in ({"latitude": 1, "longitude": 2, "place_source": "hand"}, {"place_source": "hand"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ContactPoint.objects.filter(party=shirin).update(**values)


def test_who_may_not_change_a_contact_may_not_move_it(here):
    shirin = living(here, "Shirin Mohtadi", "Port Hallow")
    with pytest.raises(Forbidden):
        placing.set_place(agent(here, codes=READ), shirin, address(shirin), (1, 2))
    with pytest.raises(Forbidden):
        placing.put_town(agent(here, codes=READ), country="GB", name="Port Hallow", position=(1, 2))


def test_towns_are_looked_up_once_and_what_nobody_knows_is_counted(here, actor, gazette):
    whitby = [living(here, f"Person {n}", "Whitby") for n in range(3)]
    lost = living(here, "Lost Person", "Nowhere-on-Sea")
    by_hand = living(here, "Sure Person", "Whitby", at=(54.0, -0.5))
    assert placing.find_places() == 3
    assert gazette == [{("GB", "Whitby"), ("GB", "Nowhere-on-Sea")}]
    assert {place(one) for one in whitby} == {(54.48774, -0.61498, "gazetteer")}
    assert place(by_hand) == (54.0, -0.5, "hand")
    assert place(lost) == (None, None, "unknown")
    assert placing.find_places() == 0
    assert len(gazette) == 1
    missing, more = places.towns(actor, EVERYBODY, missing=True)
    assert [(line.name, line.missing) for line in missing] == [("Nowhere-on-Sea", 1)]
    assert not more
    assert places.unplaced(actor, EVERYBODY).number == 1


def test_a_town_put_by_hand_takes_its_addresses_and_those_to_come(here, gazette):
    boss = manager(here)
    first, second = living(here, "First", "Long Wick"), living(here, "Second", "LONG  WICK")
    sure = living(here, "Sure", "Long Wick", at=(50.0, 1.0))
    other = living(here, "Other", "Long Wick", country="FR")
    placing.find_places()
    town, operation = placing.put_town(boss, country="GB", name="Long Wick", position=(55.1, -1.7))
    assert operation.counts == {"changed": 2}
    assert place(first) == place(second) == (55.1, -1.7, "town")
    assert place(sure) == (50.0, 1.0, "hand")
    assert place(other) == (None, None, "unknown")
    later = living(here, "Later", "long wick")
    assert place(later) == (55.1, -1.7, "town")
    # Put elsewhere, they follow; there is one town.
    _town, moved = placing.put_town(boss, country="GB", name="Long Wick", position=(55.2, -1.8))
    assert moved.counts == {"changed": 3}
    assert Town.objects.get() == town
    assert undo_operation(boss, moved.pk)
    assert place(first) == (55.1, -1.7, "town")


def test_an_undo_leaves_what_was_placed_again_since(here, gazette):
    boss = manager(here)
    first, second = living(here, "First", "Long Wick"), living(here, "Second", "Long Wick")
    _town, operation = placing.put_town(boss, country="GB", name="Long Wick", position=(55.1, -1.7))
    placing.set_place(boss, second, address(second), (55.3, -1.9))
    assert undo_operation(boss, operation.pk)
    assert place(first) == (None, None, "unknown")
    assert place(second) == (55.3, -1.9, "hand")
    operation = Operation.objects.unscoped("test").get(pk=operation.pk)
    assert operation.undone_at is not None


def test_people_out_of_reach_follow_their_town_by_the_job(here, gazette):
    elsewhere = project("Elsewhere")
    hidden = living(elsewhere, "Hidden Person", "Long Wick")
    town, operation = placing.put_town(manager(here), country="GB", name="Long Wick", position=(55.1, -1.7))
    assert operation is None
    assert place(hidden)[0] is None
    placing.follow_town(town.pk)
    placing.follow_town(town.pk)
    assert place(hidden) == (55.1, -1.7, "town")


def test_a_place_stays_while_the_address_does_and_goes_with_it(here, actor):
    shirin = living(here, "Shirin Mohtadi", "Port Hallow", at=(55.5, -1.6))
    point = address(shirin)
    parts = {"street": "1 Cliff Road", "city": "Port Hallow", "country": "GB"}
    save_point(actor, shirin, PointDraft("address", "", parts=parts, note="back door"), point=point)
    assert place(shirin) == (55.5, -1.6, "hand")
    save_point(
        actor, shirin, PointDraft("address", "", parts={**parts, "city": "Skerby"}), point=address(shirin)
    )
    assert place(shirin) == (None, None, "")
    undo_change(actor, fresh(shirin), last_entry(shirin))
    assert place(shirin) == (55.5, -1.6, "hand")


def test_an_undone_address_does_not_mind_that_its_place_was_found_since(here, actor, gazette):
    shirin = living(here, "Shirin Mohtadi", "Whitby")
    entry = last_entry(shirin)
    placing.find_places()
    undo_change(SYSTEM, fresh(shirin), entry)
    assert not shirin.points.filter(kind="address").exists()


def test_an_area_filters_by_polygon_and_by_distance(here, actor):
    living(here, "In the middle", "A", at=(35.0, 139.0))
    # 0.01 degrees of latitude are 1112 m; as many of longitude at 35° only 911 m.
    living(here, "North", "A", at=(35.01, 139.0))
    living(here, "East", "A", at=(35.0, 139.01))
    living(here, "Far", "A", at=(36.0, 139.0))
    living(here, "Off the map", "A")
    assert inside(actor, "35,139;910") == {"In the middle"}
    assert inside(actor, "35,139;912") == {"In the middle", "East"}
    assert inside(actor, "35,139;1113") == {"In the middle", "East", "North"}
    assert inside(actor, "34.9,138.9 34.9,139.005 35.5,139.005 35.5,138.9") == {"In the middle", "North"}
    outside = ListSpec(filter=tree.Node("and", (tree.Leaf("area", "not", ["35,139;1113"]),)))
    assert set(matching_parties(actor, outside).values_list("full_name", flat=True)) == {"Far", "Off the map"}


def test_old_and_wrong_addresses_are_nowhere(here, actor):
    shirin = living(here, "Shirin Mohtadi", "A", at=(35.0, 139.0))
    ContactPoint.objects.filter(party=shirin).update(status="wrong")
    assert inside(actor, "35,139;100") == set()
    assert places.cells(actor, EVERYBODY, (-180, -90, 180, 90)) == []


def test_squares_count_within_the_reader_s_rights(here, actor):
    for n in range(4):
        living(here, f"Neighbour {n}", "Skerby", at=(55.5, -1.6 + n / 100_000))
    living(here, "Alone", "Upper Skerby", at=(50.0, 3.0))
    elsewhere = project("Elsewhere")
    living(elsewhere, "Secret neighbour", "Skerby", at=(55.5, -1.6))
    living(here, "Sealed neighbour", "Skerby", at=(55.5, -1.6), confidentiality=Level.RESTRICTED)
    Party.objects.unscoped("test").filter(full_name="Neighbour 1").update(last_contact_at="2999-01-01T00:00Z")
    found = places.cells(actor, EVERYBODY, (-180, -90, 180, 90))
    assert [(cell.people, cell.never, cell.recent, cell.town, cell.name, cell.tone) for cell in found] == [
        (4, 3, 1, "Skerby", "", "never"),
        (1, 1, 0, "Upper Skerby", "Alone", "never"),
    ]
    assert found[0].party_id is None
    assert places.cells(outsider(), EVERYBODY, (-180, -90, 180, 90)) == []
    assert places.extent(actor, EVERYBODY) == (-1.6, 50.0, 3.0, 55.5)
    lines, _more = places.towns(actor, EVERYBODY)
    assert [(line.name, line.people, line.never, line.recent) for line in lines] == [
        ("Skerby", 4, 3, 1),
        ("Upper Skerby", 1, 1, 0),
    ]


def test_the_real_gazetteer_knows_towns_in_their_own_script_and_leaves_doubts_open():
    found = gazetteer.look_up(
        [
            ("JP", "函館市"),
            ("FR", "Ville de Nantes"),
            ("IR", "بندرعباس"),
            ("GB", "Whitby"),
            ("GB", "Port Hallow"),
            ("US", "Springfield"),
        ]
    )
    assert {name[1]: (round(at[0]), round(at[1])) for name, at in found.items()} == {
        "函館市": (42, 141), "Ville de Nantes": (47, -2), "بندرعباس": (27, 56), "Whitby": (54, -1)
    }  # fmt: skip
