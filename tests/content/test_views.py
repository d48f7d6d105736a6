import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enishi.accounts.access import Level
from enishi.accounts.models import User
from enishi.content import services
from enishi.content.models import File
from enishi.timeline.models import Entry
from factories import agent, manager, outsider, project

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


def enter(client, actor):
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def url(name, *args):
    return reverse(f"content:{name}", args=args)


def body(answer):
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize("name", ["file", "download"])
def test_files_answer_whom_they_should(client, name):
    here = project()
    made = services.add_file(agent(here), project=here, name="a.txt", data=b"words")

    def status(actor=None):
        answer = (enter(client, actor) if actor else client).get(url(name, made.pk))
        if answer.streaming:
            body(answer)
        return answer.status_code

    assert status() == 302
    assert status(agent(here)) == 200
    assert status(outsider()) == 404
    assert status(agent(here, codes=["contacts.view"])) == (403 if name == "file" else 404)


@pytest.mark.parametrize("name", ["change", "delete", "add_version"])
def test_changes_are_refused_to_readers_and_outsiders(client, name):
    here = project()
    made = services.add_file(agent(here), project=here, name="a.txt", data=b"words")
    assert enter(client, agent(here, codes=["content.view"])).post(url(name, made.pk)).status_code == 403
    assert enter(client, outsider()).post(url(name, made.pk)).status_code == 404


def test_several_files_are_added_at_once(client):
    here = project()
    worker = agent(here)
    enter(client, worker)
    given = [SimpleUploadedFile("one.txt", b"1"), SimpleUploadedFile("two.txt", b"2")]
    answer = client.post(url("files"), {"uploads": given, "project": here.pk, "folder": " Maps / 2026 "})
    assert answer.status_code == 302
    assert list(File.objects.visible_to(worker).order_by("name").values_list("name", "folder")) == [
        ("one.txt", "Maps/2026"),
        ("two.txt", "Maps/2026"),
    ]
    nothing = client.post(url("files"), {"project": here.pk})
    assert nothing.status_code == 422
    empty = client.post(url("files"), {"uploads": [SimpleUploadedFile("none.txt", b"")], "project": here.pk})
    assert empty.status_code == 422 and "“none.txt” is empty" in empty.content.decode()


def test_a_download_can_never_run_here(client):
    here = project()
    made = services.add_file(
        agent(here), project=here, name="page.html", data=b"<html><script>alert(1)</script>"
    )
    answer = enter(client, agent(here)).get(url("download", made.pk))
    assert body(answer) == b"<html><script>alert(1)</script>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="page.html"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert client.get(url("picture", made.pk)).status_code == 404


def test_a_picture_is_shown_by_what_it_is(client):
    here = project()
    made = services.add_file(agent(here), project=here, name="photo.html", data=PNG)
    answer = enter(client, agent(here)).get(url("picture", made.pk))
    assert (answer["Content-Type"], body(answer)) == ("image/png", PNG)
    assert f'src="{url("picture", made.pk)}"' in client.get(url("file", made.pk)).content.decode()


def test_every_read_of_a_confidential_file_is_recorded(client):
    here = project()
    boss = manager(here)
    made = services.add_file(boss, project=here, name="a.txt", data=b"x", confidentiality=Level.RESTRICTED)
    enter(client, boss).get(url("file", made.pk))
    answer = client.get(url("download_version", made.pk, 1))
    body(answer)
    reads = Entry.objects.unscoped("test").filter(event="content.confidential_read").order_by("id")
    assert [entry.data for entry in reads] == [
        {"how": "page", "version": None},
        {"how": "download", "version": 1},
    ]
    assert enter(client, agent(here)).get(url("file", made.pk)).status_code == 404


def test_undo_of_deleting(client):
    here = project()
    worker = agent(here)
    made = services.add_file(worker, project=here, name="a.txt", data=b"x")
    enter(client, worker)
    client.post(url("delete", made.pk))
    assert client.get(url("file", made.pk)).status_code == 404
    client.post(url("restore", made.pk))
    assert client.get(url("file", made.pk)).status_code == 200


def test_the_list_filters_pages_and_costs_the_same(client):
    here = project()
    worker = agent(here)
    services.add_file(worker, project=here, name="first.txt", data=b"0", folder="Maps")
    services.add_file(worker, project=here, name="mail.txt", data=b"m", attachment=True)
    enter(client, worker)

    def names(query=""):
        return [one.name for one in client.get(url("files") + query).context["page"].items]

    assert names() == ["first.txt"]
    assert names("?attachments=1") == ["mail.txt", "first.txt"]
    assert names("?folder=Maps") == ["first.txt"]
    assert names("?q=nothing") == []

    def cost():
        with CaptureQueriesContext(connection) as captured:
            names()
        return len(captured)

    one = cost()
    services.add_files(worker, [services.FileDraft(f"{n}.txt", b"%d" % n) for n in range(55)], project=here)
    assert cost() == one + 0
    first = client.get(url("files"))
    second = client.get(url("files") + first.context["next_url"])
    back = client.get(url("files") + second.context["back_url"])
    assert len(first.context["page"].items) == 50
    assert len(second.context["page"].items) == 6
    assert [one.pk for one in back.context["page"].items] == [one.pk for one in first.context["page"].items]
