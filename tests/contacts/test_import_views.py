"""The pages of the import: every step, for who may and who may not."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

import factories
from enishi.accounts.access import Via
from enishi.accounts.queries import actor as actor_of
from enishi.contacts.models import Field, ImportMapping, ImportRow, ImportRun, Party
from enishi.contacts.services import importing

pytestmark = pytest.mark.django_db

LIST = "Name,Email,Phone\nAline Mercier,aline@mercier.example,06 39 98 01 01\nBrune Castel,brune@castel.example,0639\n"


@pytest.fixture
def project():
    return factories.project("Wind", country="FR")


@pytest.fixture
def user(project):
    user = factories.user("Nadia Ferrant")
    factories.grant(user, project, factories.role())
    return user


@pytest.fixture
def signed_in(client, user):
    client.force_login(user)
    return client


def acting(user):
    return actor_of(user, via=Via.WEB)


def uploaded(user, project, text=LIST, name="list.csv") -> ImportRun:
    return importing.upload(acting(user), project_id=project.pk, name=name, stream=io.BytesIO(text.encode()))


def checked(user, project, text=LIST) -> ImportRun:
    return importing.check(acting(user), uploaded(user, project, text))


def test_upload_leads_to_the_columns(signed_in, project):
    file = SimpleUploadedFile("list.csv", LIST.encode())
    answer = signed_in.post(
        reverse("contacts:import_new"), {"upload": file, "project": project.pk}, follow=True
    )
    assert answer.redirect_chain[-1][0] == reverse(
        "contacts:import_columns", args=[ImportRun.objects.unscoped("t").get().pk]
    )
    page = answer.content.decode()
    assert "Match the columns" in page
    assert "Aline Mercier" in page
    assert "+33639980101" in page


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("empty.csv", b"", "is empty"),
        ("photo.csv", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "not a table, a vCard or a mail archive"),
        (
            "old.xls",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"W\0o\0r\0k\0b\0o\0o\0k\0" * 4,
            "old or different spreadsheet",
        ),
        (
            "page.xlsx",
            b"<html><table><tr><td>1</td></tr></table></html>",
            "web page with the ending of a spreadsheet",
        ),
        ("header.csv", b"Name,Email\n", "no rows below it"),
        (
            "wide.csv",
            (",".join(f"c{n}" for n in range(10_000)) + "\n" + ",".join("x" * 10_000)).encode(),
            "10,000 columns|10000 columns",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(signed_in, project, name, data, words):
    file = SimpleUploadedFile(name, data)
    answer = signed_in.post(reverse("contacts:import_new"), {"upload": file, "project": project.pk})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert any(word in page for word in words.split("|")), page
    assert not ImportRun.objects.unscoped("t").exists()


def test_an_archive_still_in_the_queue_is_waited_for(signed_in, user, project):
    message = (
        b"From a@kaze.example Mon Mar  4 09:30:00 2024\nFrom: a@kaze.example\nSubject: Noise\n\nAgain.\n\n"
    )
    answer = signed_in.post(
        reverse("contacts:import_new"),
        {"upload": SimpleUploadedFile("in.mbox", message), "project": project.pk},
    )
    assert answer["Location"].endswith("?awaited=0")
    assert "every 4s" in signed_in.get(answer["Location"]).content.decode()
    uploaded(user, project)
    assert "every 4s" not in signed_in.get(answer["Location"]).content.decode()


def test_a_change_of_a_column_is_kept_and_shown(signed_in, user, project):
    run = uploaded(user, project)
    url = reverse("contacts:import_columns", args=[run.pk])
    answer = signed_in.post(url, {"column-2": "note"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    run.refresh_from_db(from_queryset=ImportRun.objects.unscoped("t"))
    assert [column["rule"] for column in run.mapping["columns"]] == ["full_name", "email", "note"]
    assert "Phone: 06 39" not in answer.content.decode()
    wrong = signed_in.post(url, {"column-2": "password"}, headers={"HX-Request": "true"})
    assert wrong.status_code == 422
    assert "A column cannot go there." in wrong.content.decode()


def test_own_fields_are_offered_as_targets(signed_in, user, project):
    Field.objects.create(code="hectares", label="Hectares", kind="number")
    run = uploaded(user, project)
    page = signed_in.get(reverse("contacts:import_columns", args=[run.pk])).content.decode()
    assert '<option value="custom:hectares">Hectares</option>' in page


def test_reading_as_something_else(signed_in, user, project):
    run = uploaded(user, project, "Nom;Email\nZoé;zoe@lam.example\n")
    signed_in.post(
        reverse("contacts:import_read_as", args=[run.pk]), {"encoding": "cp1252", "delimiter": ";"}
    )
    run.refresh_from_db(from_queryset=ImportRun.objects.unscoped("t"))
    assert run.facts["encoding"] == "cp1252"
    assert run.facts["sample"][0][0] == "ZoÃ©"


def test_a_saved_mapping_is_used_again(signed_in, user, project):
    run = uploaded(user, project)
    signed_in.post(reverse("contacts:import_columns", args=[run.pk]), {"column-2": "ignore"})
    signed_in.post(reverse("contacts:import_save", args=[run.pk]), {"name": "Fair"})
    saved = ImportMapping.objects.get()
    assert (saved.name, saved.owner_id) == ("Fair", user.pk)
    other = uploaded(user, project, "Phone,Name,Email,Fax\n1,A,a@b.example,2\n")
    signed_in.post(reverse("contacts:import_preset", args=[other.pk]), {"preset": f"saved:{saved.pk}"})
    other.refresh_from_db(from_queryset=ImportRun.objects.unscoped("t"))
    assert [column["rule"] for column in other.mapping["columns"]] == [
        "ignore",
        "full_name",
        "email",
        "ignore",
    ]


def test_options_are_kept(signed_in, user, project):
    run = uploaded(user, project)
    chosen = {
        "project": project.pk, "country": "JP", "date_order": "dmy", "file_wins": "0", "unreadable": "note",
        "duplicates": "skip", "tags": "Fair, Press/Radio",
    }  # fmt: skip
    signed_in.post(reverse("contacts:import_options", args=[run.pk]), chosen)
    run.refresh_from_db(from_queryset=ImportRun.objects.unscoped("t"))
    assert run.options == {
        "country": "JP", "date_order": "dmy", "file_wins": False, "unreadable": "note", "duplicates": "skip",
        "tags": ["Fair", "Press/Radio"],
    }  # fmt: skip


def test_the_dry_run_is_a_job_with_progress(signed_in, user, project):
    run = uploaded(user, project)
    answer = signed_in.post(reverse("contacts:import_check", args=[run.pk]), follow=True)
    assert "Trying the import" in answer.content.decode()
    progress = signed_in.get(reverse("contacts:import_progress", args=[run.pk]))
    assert "<progress" in progress.content.decode()
    run.refresh_from_db(from_queryset=ImportRun.objects.unscoped("t"))
    importing.check(acting(user), run)
    done = signed_in.get(reverse("contacts:import_progress", args=[run.pk]))
    assert (done.status_code, done["HX-Refresh"]) == (204, "true")


def test_what_would_happen_is_listed(signed_in, user, project):
    run = checked(user, project)
    page = signed_in.get(reverse("contacts:import", args=[run.pk])).content.decode()
    assert "Settle problems" in page
    assert "“0639” has too few digits for a phone number." in page
    assert "Import 1 row" in page
    created = signed_in.get(reverse("contacts:import", args=[run.pk]), {"show": "create"}).content.decode()
    assert "Aline Mercier" in created


def test_an_update_shows_before_and_after(signed_in, user, project):
    factories.party(project, "Aline Mercier", email="aline@mercier.example", language="en")
    run = checked(user, project, "Name,Email,Language\nAline Mercier,aline@mercier.example,fr\n")
    page = signed_in.get(reverse("contacts:import", args=[run.pk])).content.decode()
    assert '<s class="en-dim"><bdi>en</bdi></s> <bdi>fr</bdi>' in page


def test_refused_rows_come_back_as_a_file_that_can_be_imported_again(signed_in, user, project):
    run = checked(user, project)
    answer = signed_in.get(reverse("contacts:import_refused", args=[run.pk]))
    data = b"".join(answer.streaming_content)
    assert data.startswith("\ufeff".encode())
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows == [
        ["Name", "Email", "Phone", "Why refused"],
        [
            "Brune Castel", "brune@castel.example", "0639",
            "Row 3. Phone: “0639” has too few digits for a phone number. Is the area code missing?",
        ],
    ]  # fmt: skip
    corrected = data.decode("utf-8-sig").replace(",0639,", ",06 39 98 01 02,")
    again = checked(user, project, corrected)
    assert again.counts == {"created": 1, "read": 1, "quarantined": 0}


def test_formulas_in_refused_rows_are_defused(signed_in, user, project):
    run = checked(user, project, "Name,Email,Phone\n=HYPERLINK(1),a@b.example,12\nAline,+33 6,+33 6 39\n")
    data = b"".join(
        signed_in.get(reverse("contacts:import_refused", args=[run.pk])).streaming_content
    ).decode()
    assert "'=HYPERLINK(1)" in data
    assert ",+33 6 39," in data


def test_deciding_about_duplicates(signed_in, user, project):
    there = factories.party(project, "Aline Mercier")
    run = checked(user, project, "Name,Email\nAline Mercier,new@mercier.example\n")
    page = signed_in.get(reverse("contacts:import", args=[run.pk])).content.decode()
    assert "same name" in page
    signed_in.post(
        reverse("contacts:import_decide", args=[run.pk]), {"row": "2", "decision": f"update:{there.pk}"}
    )
    row = ImportRow.objects.get()
    assert (row.decision, row.party_id) == ("update", there.pk)
    stranger = factories.party(project, "Somebody Else")
    signed_in.post(
        reverse("contacts:import_decide", args=[run.pk]), {"row": "2", "decision": f"update:{stranger.pk}"}
    )
    row.refresh_from_db()
    assert row.party_id == there.pk


def test_import_result_and_undo_link(signed_in, user, project):
    run = checked(user, project)
    answer = signed_in.post(reverse("contacts:import_apply", args=[run.pk]), follow=True)
    assert "Importing" in answer.content.decode()
    run.refresh_from_db(from_queryset=ImportRun.objects.unscoped("t"))
    importing.apply(acting(user), run)
    page = signed_in.get(reverse("contacts:import", args=[run.pk])).content.decode()
    assert reverse("timeline:operation", args=[run.operation_id]) in page
    assert "Undo this import" in page
    listed = signed_in.get(reverse("contacts:imports")).content.decode()
    assert "list.csv" in listed
    assert "1 created" in listed


def test_a_draft_is_thrown_away_but_an_import_is_not(signed_in, user, project):
    run = checked(user, project)
    importing.begin(acting(user), run)
    importing.apply(acting(user), run)
    signed_in.post(reverse("contacts:import_discard", args=[run.pk]))
    assert ImportRun.objects.unscoped("t").filter(pk=run.pk).exists()
    draft = uploaded(user, project)
    signed_in.post(reverse("contacts:import_discard", args=[draft.pk]))
    assert not ImportRun.objects.unscoped("t").filter(pk=draft.pk).exists()


def test_cards_need_no_columns(signed_in, user, project):
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:Aline Mercier\nEMAIL:a@m.example\nEND:VCARD\n"
    run = uploaded(user, project, card, "cards.vcf")
    page = signed_in.get(reverse("contacts:import_columns", args=[run.pk])).content.decode()
    assert "Check the cards" in page


def test_html_in_a_file_is_shown_as_text(signed_in, user, project):
    run = checked(user, project, "Name,Email\n<img src=x onerror=alert(1)>,a@b.example\n")
    for url in (reverse("contacts:import", args=[run.pk]), reverse("contacts:import_columns", args=[run.pk])):
        page = signed_in.get(url).content.decode()
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page


# --- who may

PAGES = ["import", "import_columns", "import_progress", "import_refused"]
STEPS = [
    "import_check", "import_apply", "import_decide", "import_discard", "import_options", "import_preset", "import_read_as",
    "import_save",
]  # fmt: skip


@pytest.mark.parametrize("name", [*PAGES, *STEPS])
def test_an_outsider_finds_no_import(client, user, project, name):
    run = checked(user, project)
    stranger = factories.user()
    factories.grant(stranger, factories.project("Elsewhere"), factories.role())
    client.force_login(stranger)
    url = reverse(f"contacts:{name}", args=[run.pk])
    assert (client.get(url) if name in PAGES else client.post(url)).status_code == 404


@pytest.mark.parametrize("name", ["imports", "import_new"])
def test_without_the_right_there_is_no_import(client, project, name):
    reader = factories.user()
    factories.grant(reader, project, factories.role(codes=["contacts.view", "contacts.edit"]))
    client.force_login(reader)
    assert client.get(reverse(f"contacts:{name}")).status_code == 403


@pytest.mark.parametrize("name", ["imports", "import_new"])
def test_nobody_is_sent_to_sign_in(name):
    answer = Client().get(reverse(f"contacts:{name}"))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_pages_cost_the_same_for_one_row_and_for_many(
    signed_in, user, project, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost(rows: int) -> int:
        Party.objects.unscoped("t").all().update(deleted_at=None)
        lines = "".join(f"Person {n},p{n}@x{rows}.example,\n" for n in range(rows))
        run = checked(user, project, f"Name,Email,Phone\n{lines}")
        signed_in.get(reverse("contacts:import", args=[run.pk]))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert signed_in.get(reverse("contacts:import", args=[run.pk])).status_code == 200
        return len(captured)

    assert cost(40) == cost(1)
