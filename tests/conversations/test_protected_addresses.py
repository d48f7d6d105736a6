"""What addresses of contacts that only some roles show look like in conversations, and in the queue of strangers."""

from __future__ import annotations

import pytest

from conversations.mailboxes import imported, mail, mbox, stored
from enishi.accounts import services as accounts
from enishi.accounts.access import Actor, Forbidden, Via
from enishi.accounts.models import Role, User
from enishi.accounts.queries import actor as actor_of
from enishi.contacts.models import Party
from enishi.conversations import queries, services
from enishi.conversations.models import UnknownSender
from enishi.conversations.queries.invitations import guests
from enishi.conversations.services import ParticipantDraft, log_interaction
from enishi.conversations.tasks import part_words
from enishi.core import clock
from enishi.search import queries as search
from enishi.search.models import Document
from factories import SYSTEM, agent, party, project

pytestmark = pytest.mark.django_db
EMAIL, PHONE = "contacts.email", "contacts.phone"


@pytest.fixture
def here():
    return project("Tidewall")


@pytest.fixture
def aoi(here) -> Party:
    made = party(here, "Takahama Aoi", email="aoi@kaze.example")
    accounts.protect_fields(SYSTEM, [EMAIL, PHONE])
    return made


def who(here, *seen: str, changed: bool = False) -> Actor:
    made = agent(here)
    roles = Role.objects.filter(grants__user=made.user_id)
    roles.update(seen_fields=list(seen), changed_fields=list(seen) if changed else [])
    return actor_of(User.objects.get(pk=made.user_id), via=Via.WEB)


def test_a_mail_is_read_without_the_address_of_whom_one_knows(here, aoi, tmp_path, client):
    seer, blind = who(here, EMAIL), who(here)
    imported(seer, here, mbox(tmp_path / "in.mbox", mail(1, to="Leo <leo@brandt.example>")))
    (one,) = stored()

    def addresses(reader: Actor) -> list[str]:
        return [part.shown_address for part in queries.interaction(reader, one.pk).people]

    assert addresses(seer) == ["aoi@kaze.example", "leo@brandt.example"]
    # Whoever is nobody's contact has no field to protect: that the mail says.
    assert addresses(blind) == ["", "leo@brandt.example"]
    client.force_login(User.objects.get(pk=blind.user_id))
    for address in (f"/conversations/{one.pk}/", f"/history/of/conversations.interaction/{one.pk}/"):
        page = client.get(address)
        assert page.status_code == 200 and "aoi@kaze" not in page.content.decode(), address
    for typed in ("aoi@kaze.example", "kaze"):
        assert {hit.kind for hit in search.find(seer, typed)} == {"conversation", "person"}
        assert search.find(blind, typed) == []
        assert not queries.matching(blind, queries.Filters(text=typed)).exists()
    assert [hit.kind for hit in search.find(blind, "Night noise")] == ["conversation"]


def test_mails_indexed_before_are_indexed_anew(here, aoi, tmp_path):
    blind = who(here)
    imported(who(here, EMAIL), here, mbox(tmp_path / "in.mbox", mail(1)))
    Document.objects.unscoped("test").update(ends=None)
    assert search.find(blind, "noise") == []
    part_words()
    assert [hit.kind for hit in search.find(blind, "noise")] == ["conversation"]
    assert search.find(blind, "kaze.example", kinds=["conversation"]) == []


def test_an_address_that_is_typed_does_not_become_whom_it_belongs_to(here, aoi):
    def logged(by: Actor) -> list[int | None]:
        made = log_interaction(
            by,
            channel="call",
            occurred_at=clock.now(),
            project_ids=[here.pk],
            subject="Rang",
            participants=[ParticipantDraft(address="aoi@kaze.example")],
        )
        return [one.party_id for one in queries.interaction(SYSTEM, made.pk).people]

    assert logged(who(here, EMAIL)) == [aoi.pk]
    assert logged(who(here)) == [None]


def test_a_stranger_is_settled_by_whom_may_change_addresses(here, aoi, client):
    blind, changer = who(here), who(here, EMAIL, changed=True)
    log_interaction(
        blind, channel="email", occurred_at=clock.now(), project_ids=[here.pk], subject="Hello",
        participants=[ParticipantDraft("from", address="new@brandt.example")],
    )  # fmt: skip
    sender = UnknownSender.objects.unscoped("test").get(address="new@brandt.example")
    for settle in (
        lambda: services.join_sender(blind, sender, party_id=aoi.pk),
        lambda: services.create_from_sender(blind, sender, name="Leo"),
    ):
        with pytest.raises(Forbidden):
            settle()
    client.force_login(User.objects.get(pk=blind.user_id))
    page = client.get("/conversations/senders/").content.decode()
    assert "new@brandt.example" in page and "Join to" not in page
    services.join_sender(changer, sender, party_id=aoi.pk)
    assert aoi.points.filter(key="new@brandt.example").exists()


def test_whoever_invites_need_not_see_where_it_goes(here, aoi, client):
    blind = who(here)
    talk = log_interaction(
        blind, channel="meeting", occurred_at=clock.now(),
        project_ids=[here.pk], subject="Survey", minutes=45, participants=[ParticipantDraft(party_id=aoi.pk)],
    )  # fmt: skip
    (guest,) = [one for one in guests(blind, talk) if one.party]
    assert (guest.address, guest.address_shown, guest.why) == ("aoi@kaze.example", False, "")
    (guest,) = [one for one in guests(who(here, EMAIL), talk) if one.party]
    assert guest.address_shown
