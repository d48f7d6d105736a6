"""Files come in: a list of contacts through every step of the wizard, a mail archive with a writer whom nobody knows."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from e2e.people import People, shoot
from e2e.reader import PROJECT_IDS, Reader, fresh
from enishi.core import clock

pytestmark = pytest.mark.e2e


def list_of(family: str, path: Path) -> Path:
    """As a Japanese office sends it: CP932, lines above the head, one address that is none."""
    rows = [
        "取引先一覧,,,,", "出力日,2026/11/01,,,", "",
        "氏名,フリガナ,会社名,電話番号,メールアドレス",
        f"{family} 冬馬,ワタライ トウマ,潮見漁具店,03-3000-0141,touma@{family.encode().hex()}.example",
        f"{family} 千尋,ワタライ チヒロ,潮見漁具店,03-3000-0142,chihiro@{family.encode().hex()}.example",
        f"{family} 欠,ワタライ カケル,潮見漁具店,03-3000-0143,kakeru＠＠nowhere",
        f"{family} 葵,ワタライ アオイ,潮見漁具店,,",
    ]  # fmt: skip
    path.write_bytes("\r\n".join(rows).encode("cp932"))
    return path


def tab_to(reader: Reader, target: Locator, most: int = 60) -> None:
    """Walk there with the Tab key, as somebody without a mouse does."""
    for _step in range(most):
        if target.evaluate("element => element === document.activeElement"):
            return
        reader.page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached by the Tab key")


def go_on(reader: Reader) -> None:
    """To the next step, by the main button of the foot, from the keyboard."""
    button = reader.page.locator(".en-foot .btn-primary")
    button.evaluate("button => button.closest('.en-foot').querySelector('a, button').focus()")
    tab_to(reader, button, 6)
    reader.page.keyboard.press("Enter")


def upload(reader: Reader, *paths: Path, project: str = "tidewall") -> None:
    reader.open("/people/import/new/")
    reader.page.locator("input[type=file]").set_input_files(list(paths))
    reader.choose("Project", str(PROJECT_IDS[project]))
    reader.page.locator("#id_project").press("Tab")
    go_on(reader)


def outcome(reader: Reader, words: str) -> Locator:
    """The number beside that outcome in the panel of the dry run or the result."""
    return reader.page.locator("dl.en-dry dt", has_text=reader.say(words)).locator("+ dd")


def test_a_list_from_another_office_is_brought_in_and_taken_back(people: People, tmp_path: Path):
    reader = people.reader("eleanor")
    family = "渡会" + "".join(
        "乙丁七九十人入八刀力又了二三上下"[ord(letter) - ord("a")] for letter in fresh("")[:3]
    )
    reader.new_person(f"{family} 葵", email=f"aoi@{family.encode().hex()}.example")

    upload(reader, list_of(family, tmp_path / "取引先.csv"))
    expect(reader.page.get_by_role("heading", name="Match the columns")).to_be_visible()
    expect(reader.main).to_contain_text("3 lines above the header row were skipped")
    expect(reader.page.locator("#example")).to_contain_text(f"{family} 冬馬")
    shoot(reader.page, "import-columns")
    reader.page.locator("#example").get_by_label("Next row").press("Enter")
    expect(reader.page.locator("#example")).to_contain_text(f"{family} 千尋")
    company = reader.page.get_by_label("会社名")
    company.select_option("note")
    expect(reader.page.locator("#example")).to_contain_text("Note")
    go_on(reader)

    expect(outcome(reader, "New contacts")).to_have_text("2", timeout=60_000)
    expect(outcome(reader, "Cannot be read")).to_have_text("1")
    expect(outcome(reader, "Possible duplicates")).to_have_text("1")
    expect(reader.page.locator("#rows")).to_contain_text(f"looks like {family} 葵")
    shoot(reader.page, "import-dry-run")
    reader.page.get_by_role("button", name="Leave out").last.press("Enter")
    reader.page.locator("#outcome").get_by_role("link", name=re.compile("Cannot be read")).press("Enter")
    expect(reader.page.locator("#rows")).to_contain_text(f"{family} 欠")
    expect(reader.page.locator("#rows")).to_contain_text("メールアドレス")
    go_on(reader)

    expect(reader.page.get_by_role("heading", name="Imported", exact=True)).to_be_visible(timeout=60_000)
    expect(outcome(reader, "New contacts")).to_have_text("2")
    shoot(reader.page, "import-result")
    with reader.page.expect_download() as download:
        reader.page.get_by_role("link", name=re.compile("^Refused rows")).press("Enter")
    download.value.save_as(tmp_path / "refused.csv")
    refused = list(csv.DictReader((tmp_path / "refused.csv").read_text("utf-8-sig").splitlines()))
    assert [row["氏名"] for row in refused] == [f"{family} 欠"]
    assert "メールアドレス" in refused[0]["Why refused"]

    reader.page.get_by_role("link", name="Undo this import").press("Enter")
    shoot(reader.page, "import-undo")
    reader.page.locator("#undo .btn-primary").press("Enter")
    expect(reader.page.locator("#undo")).to_contain_text("took it back", timeout=60_000)
    reader.open(f"/search/?q={family}")
    expect(reader.main).to_contain_text(f"{family} 葵")
    expect(reader.main).not_to_contain_text("冬馬")


def mail(sender: str, subject: str, text: str) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "office@tidewall.example", subject
    made["Date"], made["Message-ID"] = format_datetime(clock.now()), f"<{fresh('m')}@mail.example>"
    made.set_content(text)
    return b"From made@mail.example Mon Mar  4 09:30:00 2024\n" + bytes(made).rstrip(b"\n") + b"\n\n"


def mbox(path: Path, mails: Sequence[bytes]) -> Path:
    path.write_bytes(b"".join(mails))
    return path


def test_mail_comes_to_its_people_and_a_stranger_becomes_one(people: People, tmp_path: Path):
    reader = people.reader("eleanor")
    known, stranger = fresh("Tidmarsh"), fresh("Lowther")
    person = reader.new_person(f"Agnes {known}", email=f"agnes@{known.lower()}.example")
    archive = mbox(
        tmp_path / f"{known}.mbox",
        [
            mail(f"Agnes {known} <agnes@{known.lower()}.example>", f"Night work {known}", "When does it begin?"),
            mail(f"Pelham {stranger} <pelham@{stranger.lower()}.example>", f"Cable route {known}", "Which side?"),
        ],
    )  # fmt: skip

    upload(reader, archive)
    row = reader.page.locator("#import-rows tbody tr", has_text=archive.name)
    expect(row).to_contain_text(reader.say("Imported"), timeout=60_000)
    shoot(reader.page, "import-mail")

    reader.open(person)
    expect(reader.page.locator(".en-thread")).to_contain_text(f"Night work {known}")
    reader.open("/conversations/senders/")
    waiting = reader.page.locator(".en-prow", has_text=stranger)
    shoot(reader.page, "import-senders")
    reader.press("New contact", within=waiting)
    reader.open(f"/search/?q={stranger}")
    reader.page.locator("#main").get_by_role("link", name=re.compile(f"Pelham {stranger}")).first.click()
    expect(reader.page.locator(".en-thread")).to_contain_text(f"Cable route {known}")
