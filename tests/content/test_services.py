import io

import pytest

from enishi.accounts.access import Forbidden, Level
from enishi.content import services
from enishi.content.models import File, FileVersion
from enishi.core import storage
from enishi.search import queries as search
from enishi.timeline import queries as timeline
from enishi.timeline.models import Entry
from factories import agent, manager, outsider, party, project

pytestmark = pytest.mark.django_db


def bytes_of(version):
    with storage.open_blob(version.sha256) as stream:
        return stream.read()


def read(worker, file, number=None):
    opened = services.open_file(worker, file.pk, number)
    with opened.stream as stream:
        return opened.version.number, stream.read()


PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


def test_a_file_is_kept_found_and_placed():
    here = project("Tidewall")
    worker = agent(here)
    shirin = party(here, "Shirin Mohtadi")

    file = services.add_file(
        worker,
        project=here,
        name="Attendance list.txt",
        data=b"Eleven names",
        folder="Harbour",
        party_ids=[shirin.pk],
    )

    version = file.versions.get()
    assert (file.name, file.folder, file.confidentiality) == (
        "Attendance list.txt",
        "Harbour",
        Level.INTERNAL,
    )
    assert (version.number, version.size, version.media_type) == (1, 12, "text/plain")
    assert bytes_of(version) == b"Eleven names"
    assert [hit.subject_id for hit in search.find(worker, "attendance")] == [file.pk]
    assert [place.subject_id for place in timeline.timeline(worker, [shirin.pk], family="file")] == [file.pk]
    entry = Entry.objects.unscoped("test").get(event="content.file_added")
    assert entry.data == {"version": 1, "sha256": version.sha256, "size": 12, "parties": [shirin.pk]}


def test_equal_bytes_are_stored_once():
    here = project()
    worker = agent(here)
    first = services.add_file(worker, project=here, name="a.txt", data=b"same")
    second = services.add_file(worker, project=here, name="b.txt", data=io.BytesIO(b"same"))
    assert first.versions.get().sha256 == second.versions.get().sha256


def test_the_type_comes_from_the_bytes_not_from_the_name():
    here = project()
    file = services.add_file(agent(here), project=here, name="holiday.png", data=b"<script>alert(1)</script>")
    assert file.versions.get().media_type == "text/html"
    picture = services.add_file(agent(here), project=here, name="note.html", data=PNG)
    assert picture.versions.get().media_type == "image/png"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("C:\\Users\\x\\plan.pdf", "plan.pdf"),
        ("../../etc/passwd", "passwd"),
        ("in\u202evoice\u0000.txt", "invoice.txt"),
        ("\r\n", "unnamed"),
    ],
)
def test_names_carry_no_path_and_no_tricks(typed, kept):
    here = project()
    assert services.add_file(agent(here), project=here, name=typed, data=b"x").name == kept


def test_what_is_too_large_or_empty_is_refused_in_words(settings):
    here = project()
    worker = agent(here)
    settings.UPLOAD_LIMIT = 1 << 20
    with pytest.raises(services.FileError, match=r"“big\.bin” is larger than 1 MB"):
        services.add_file(worker, project=here, name="big.bin", data=b"x" * ((1 << 20) + 1))
    with pytest.raises(services.FileError, match=r"“none\.txt” is empty"):
        services.add_file(worker, project=here, name="none.txt", data=b"")
    assert File.objects.unscoped("test").count() == 0


def test_the_right_is_needed_in_that_project():
    here = project()
    with pytest.raises(Forbidden):
        services.add_file(outsider(), project=here, name="a.txt", data=b"x")
    with pytest.raises(Forbidden):
        services.add_file(agent(here, codes=["content.view"]), project=here, name="a.txt", data=b"x")


def test_nobody_makes_a_file_more_confidential_than_they_may_read():
    here = project()
    with pytest.raises(services.FileError, match="more confidential than you may read"):
        services.add_file(agent(here), project=here, name="a", data=b"x", confidentiality=Level.RESTRICTED)


def test_newer_versions_stand_on_older_ones():
    here = project()
    worker = agent(here)
    file = services.add_file(worker, project=here, name="plan.txt", data=b"one")
    same = services.add_version(worker, file, data=b"one")
    second = services.add_version(worker, file, data=b"two")
    assert (same.number, second.number) == (1, 2)
    assert read(worker, file) == (2, b"two")
    assert read(worker, file, 1) == (1, b"one")


def test_deleting_hides_a_file_and_undo_brings_it_back():
    here = project()
    worker = agent(here)
    aoi = party(here, "Aoi Tachibana")
    file = services.add_file(worker, project=here, name="secretplan.txt", data=b"x", party_ids=[aoi.pk])

    services.delete_file(worker, file)
    assert search.find(worker, "secretplan") == []
    assert timeline.timeline(worker, [aoi.pk], family="file") == []
    with pytest.raises(File.DoesNotExist):
        services.open_file(worker, file.pk)

    services.restore_file(worker, file)
    assert [hit.title for hit in search.find(worker, "secretplan")] == ["secretplan.txt"]
    assert [place.subject_id for place in timeline.timeline(worker, [aoi.pk], family="file")] == [file.pk]


def test_a_confidential_file_leaves_no_trace_for_others_and_reads_are_recorded():
    here = project()
    boss, worker = manager(here), agent(here)
    aoi = party(here, "Aoi Tachibana")
    file = services.add_file(
        boss,
        project=here,
        name="parcel14.txt",
        data=b"x",
        confidentiality=Level.CONFIDENTIAL,
        party_ids=[aoi.pk],
    )

    assert search.find(worker, "parcel14") == []
    assert timeline.timeline(worker, [aoi.pk]) == []
    with pytest.raises(File.DoesNotExist):
        services.open_file(worker, file.pk)
    with pytest.raises(File.DoesNotExist):
        services.change_file(worker, file, name="mine.txt")

    read(boss, file)
    entry = Entry.objects.unscoped("test").get(event="content.confidential_read")
    assert (entry.user_id, entry.subject_id, entry.data) == (
        boss.user_id,
        file.pk,
        {"how": "download", "version": 1},
    )
    assert (
        Entry.objects.visible_to(worker).filter(subject_id=file.pk, subject_type="content.file").count() == 0
    )


def test_reading_an_ordinary_file_is_not_recorded():
    here = project()
    worker = agent(here)
    file = services.add_file(worker, project=here, name="a.txt", data=b"x")
    read(worker, file)
    assert not Entry.objects.unscoped("test").filter(event="content.confidential_read").exists()


def test_a_raised_level_takes_search_timeline_and_history_along():
    here = project()
    worker = agent(here)
    aoi = party(here, "Aoi Tachibana")
    file = services.add_file(worker, project=here, name="minutes.txt", data=b"x", party_ids=[aoi.pk])
    services.raise_level(worker, [file.pk], level=Level.CONFIDENTIAL)
    assert search.find(worker, "minutes") == []
    assert timeline.timeline(worker, [aoi.pk]) == []
    assert Entry.objects.visible_to(worker).filter(subject_type="content.file").count() == 0


def test_words_are_read_once_and_found():
    here = project()
    worker = agent(here)
    file = services.add_file(worker, project=here, name="a.txt", data="Lärm bei der Mole".encode())
    version = file.versions.get()
    assert version.reading == FileVersion.Reading.WAITING
    services.extract_words(version.pk)
    version.refresh_from_db()
    assert (version.text, version.reading) == ("Lärm bei der Mole", FileVersion.Reading.READ)
    assert [hit.subject_id for hit in search.find(worker, "larm mole")] == [file.pk]
    again = services.add_file(worker, project=here, name="b.txt", data="Lärm bei der Mole".encode())
    services.extract_words(again.versions.get().pk)
    assert again.versions.get().text == "Lärm bei der Mole"


def test_links_to_people_the_editor_cannot_see_stay():
    here, there = project(), project()
    worker, other = agent(here), party(there, "Hidden Person")
    seen = party(here, "Seen Person")
    file = services.add_file(manager(), project=here, name="a.txt", data=b"x", party_ids=[other.pk])
    services.link_file(worker, file, party_ids=[seen.pk, other.pk])
    assert set(file.links.values_list("party_id", flat=True)) == {seen.pk, other.pk}
    services.link_file(worker, file, party_ids=[])
    assert set(file.links.values_list("party_id", flat=True)) == {other.pk}
