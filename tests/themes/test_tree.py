import pytest

from enishi.accounts.access import Forbidden
from enishi.themes import queries, services
from enishi.themes.models import Theme
from enishi.timeline.models import Entry
from factories import SYSTEM, manager, project
from themes.world import PUMPS, SLEEP

pytestmark = pytest.mark.django_db


def paths():
    return list(Theme.objects.filter(archived_at__isnull=True).values_list("path", flat=True))


def told(theme):
    found = Entry.objects.unscoped("test").filter(subject_type="themes.theme", subject_id=theme.pk)
    return [(entry.event, entry.changes) for entry in found.order_by("id")]


def test_renaming_moves_what_stands_below_and_is_in_the_history(here):
    services.rename_theme(SYSTEM, here.noise, name="Sound", parent=here.health, meaning="It is loud.")

    assert paths() == ["Health", "Health / Sound", "Health / Sound / At night"]
    assert told(here.noise)[-1] == (
        "themes.theme_changed",
        {"path": ["Noise", "Health / Sound"], "meaning": ["", "It is loud."]},
    )


def test_a_theme_stands_neither_below_itself_nor_twice(here):
    with pytest.raises(services.ThemeError, match="below itself"):
        services.rename_theme(SYSTEM, here.noise, name="Noise", parent=here.night, meaning="")
    with pytest.raises(services.ThemeError, match="Merge the two instead"):
        services.rename_theme(SYSTEM, here.health, name="Noise", parent=None, meaning="")
    with pytest.raises(services.ThemeError, match="a name"):
        services.create_theme(SYSTEM, name="  ")
    assert services.create_theme(SYSTEM, name="Health") == here.health


def test_merging_takes_the_passages_and_what_stood_below(here):
    sound = services.create_theme(SYSTEM, name="Sound")
    services.create_theme(SYSTEM, name="At night", parent=sound)
    services.create_theme(SYSTEM, name="Sirens", parent=sound)
    first = services.mark_passage(here.agent, here.talk, *PUMPS, theme_ids=[sound.pk, here.noise.pk])
    second = services.mark_passage(here.agent, here.talk, *SLEEP, theme_ids=[sound.pk])

    services.merge_themes(SYSTEM, kept=here.noise, gone=sound)

    assert paths() == ["Health", "Noise", "Noise / At night", "Noise / Sirens"]
    for mark in (first, second):
        assert queries.passage(here.agent, mark.pk).themes == [here.noise]
    assert told(here.noise)[-1][0] == "themes.themes_merged"
    with pytest.raises(services.ThemeError, match="into itself"):
        services.merge_themes(SYSTEM, kept=here.night, gone=here.noise)


def test_what_is_put_away_is_not_offered_and_stays_where_it_is(here):
    mark = services.mark_passage(here.agent, here.talk, *PUMPS, theme_ids=[here.night.pk])
    services.archive_theme(SYSTEM, here.noise, archived=True)

    assert [one.path for one in queries.usable(here.agent, [here.project.pk])] == ["Health"]
    assert queries.passage(here.agent, mark.pk).themes == [here.night]
    with pytest.raises(services.ThemeError, match="no longer there"):
        services.mark_passage(here.agent, here.talk, *SLEEP, theme_ids=[here.night.pk])
    services.archive_theme(SYSTEM, here.noise, archived=False)
    assert "Noise / At night" in paths()


def test_themes_of_all_projects_need_the_right_everywhere(here):
    there = project("Harbour")
    for act in (
        lambda: services.create_theme(here.manager, name="Dust"),
        lambda: services.rename_theme(here.manager, here.noise, name="Din", parent=None, meaning=""),
        lambda: services.archive_theme(here.manager, here.noise, archived=True),
        lambda: services.merge_themes(here.manager, kept=here.noise, gone=here.health),
        lambda: services.create_theme(here.manager, name="Dust", project=there),
    ):
        with pytest.raises(Forbidden):
            act()
    own = services.create_theme(here.manager, name="Dust", project=here.project)
    services.rename_theme(here.manager, own, name="Fine dust", parent=here.health, meaning="")
    assert own.pk not in [branch.theme.pk for branch in queries.branches(manager(there))]
    assert [branch.mine for branch in queries.branches(here.manager)] == [False, True, False, False]
