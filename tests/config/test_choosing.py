"""The project chosen in the shell, and the one that an address names."""

from __future__ import annotations

import pytest

from enishi.accounts.models import User
from enishi.cases.services import open_case
from enishi.commitments.services import make_promise
from factories import SYSTEM, agent, party, project

pytestmark = pytest.mark.django_db


@pytest.fixture
def east():
    return project("Tidewall East")


@pytest.fixture
def client(client, east):
    """Somebody of both projects who has chosen the other one."""
    west = project("Tidewall West")
    worker = agent(east)
    client.force_login(User.objects.get(pk=worker.user_id))
    session = client.session
    session["project"] = west.pk
    session.save()
    return client


def _chosen(client) -> int | None:
    return client.session.get("project")


@pytest.mark.parametrize(
    ("came_from", "goes_to"),
    [
        ("/cases/?project={pk}&kind=issue", "/cases/?kind=issue"),
        ("/promises/?in={pk}", "/promises/"),
        ("/people/?f=abc", "/people/?f=abc"),
        ("https://elsewhere.example/", "/"),
    ],
)
def test_who_chooses_a_project_leaves_the_one_that_the_address_named(client, east, came_from, goes_to):
    answer = client.post("/choose/", {"project": east.pk, "next": came_from.format(pk=east.pk)})
    assert (answer.status_code, answer.url, _chosen(client)) == (302, goes_to, east.pk)


@pytest.mark.parametrize(
    "address", ["/cases/?project={pk}", "/promises/?project={pk}", "/promises/duties/?project={pk}"]
)
def test_a_list_whose_address_names_a_project_shows_that_one(client, east, address):
    answer = client.get(address.format(pk=east.pk))
    assert (answer.status_code, answer.context["current_project"]) == (200, east.pk)


@pytest.mark.parametrize("named", ["x", "-1", "9" * 30, "{hidden}"])
def test_a_project_that_one_may_not_see_is_not_looked_into(client, named):
    hidden = project("Hidden")
    answer = client.get("/cases/", {"project": named.format(hidden=hidden.pk)})
    assert answer.context["current_project"] == _chosen(client)


def test_the_numbers_of_a_project_open_as_many_rows(client, east):
    known = party(east, "Tanaka Aoi")
    open_case(SYSTEM, project=east, kind="issue", title="Dust at the gate")
    make_promise(SYSTEM, project=east, direction="ours", party=known, title="Send the noise report")
    page = client.get(f"/projects/{east.pk}/").content.decode()
    for address, title in (("/cases/", "Dust at the gate"), ("/promises/", "Send the noise report")):
        assert f'href="{address}?project={east.pk}"' in page
        assert title in client.get(f"{address}?project={east.pk}").content.decode()
        assert title not in client.get(address).content.decode()
