"""Photos taken without a network go with what was said, once each; what is not taken is reported and stays on the phone."""

from __future__ import annotations

import base64
import re
import struct
import zlib

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from e2e.people import AXE, People, shoot, violations
from e2e.reader import PHONE, PROJECT_IDS, Reader, fresh

pytestmark = pytest.mark.e2e

DRAW = """() => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [2400, 1600];
  const onto = canvas.getContext('2d');
  onto.fillStyle = 'red'; onto.fillRect(0, 0, 1200, 1600);
  onto.fillStyle = 'blue'; onto.fillRect(1200, 0, 1200, 1600);
  return canvas.toDataURL('image/jpeg', 0.9).split(',')[1];
}"""
SEEN = """async (address) => {
  const bytes = new Uint8Array(await (await fetch(address)).arrayBuffer());
  const picture = await createImageBitmap(new Blob([bytes]));
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [picture.width, picture.height];
  const onto = canvas.getContext('2d');
  onto.drawImage(picture, 0, 0);
  const at = (y) => [...onto.getImageData(picture.width / 2, y, 1, 1).data].slice(0, 3).map((one) => one > 128);
  return [picture.width, picture.height, at(20), at(picture.height - 20), new TextDecoder('latin1').decode(bytes).includes('Exif')];
}"""


def held_sideways(page: Page) -> FilePayload:
    """A photo of 3.8 megapixels as a camera held upright writes it: lying, with a note which way is up, and where it was."""
    bare = base64.b64decode(page.evaluate(DRAW))
    note = b"II*\x00" + struct.pack("<IHHHIIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0, 0)[:18] + b"\x00" * 4
    part = b"Exif\x00\x00" + note + b"GPS 51.5N 0.1W"
    whole = bare[:2] + b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part + bare[2:]
    return {"name": "image.jpg", "mimeType": "image/jpeg", "buffer": whole}


def plain_picture() -> bytes:
    """A small green PNG, which needs nothing done to it."""

    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    lines = zlib.compress(b"".join(b"\x00" + b"\x00\xa0\x40" * 80 for _ in range(60)))
    head = part(b"IHDR", struct.pack(">IIBBBBB", 80, 60, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", lines) + part(b"IEND", b"")


def at_the_door(people: People, name: str) -> tuple[Reader, Page]:
    """A phone that knows somebody and has no network, at the form for what was said."""
    reader = people.reader("eleanor", width=PHONE)
    page = reader.page
    page.add_init_script(path=AXE)
    # Listened to all the time: each switching on would be a race with the press that follows.
    page.on("filechooser", lambda _chooser: None)
    reader.open("/")
    reader.new_person(name)
    reader.open("/field/")
    reader.choose("Whom", f"project-{PROJECT_IDS['tidewall']}")
    reader.press("Take along")
    expect(page.locator("[data-people] a").first).to_be_visible()
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_text("No network")).to_be_visible()
    reader.fill("Find somebody", name)
    page.locator("[data-people] a", has_text=name).click()
    reader.press("Write down what was said")
    return reader, page


def choose(reader: Reader, button: str, *files: FilePayload) -> None:
    with reader.page.expect_file_chooser() as opened:
        reader.press(button)
    opened.value.set_files(list(files))


def test_photos_taken_without_a_network_arrive_once_and_what_is_refused_stays(people: People):
    reader, page = at_the_door(people, fresh("Aabye-Photo"))
    rows = page.locator("[data-filed] li")
    assert page.locator("[data-chosen=photo]").get_attribute("capture") == "environment"
    green: FilePayload = {"name": "map.png", "mimeType": "image/png", "buffer": plain_picture()}
    notes: FilePayload = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Nine o'clock."}
    choose(reader, "Photo", held_sideways(page), green)
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("image.jpg")
    expect(rows.first).to_contain_text(re.compile(r"\d+ kB"))
    expect(page.locator("[data-filed] img:visible")).to_have_count(2)
    choose(reader, "Photo", green)
    expect(page.locator("[data-filed-wrong]")).to_contain_text("was added already")
    expect(rows).to_have_count(2)

    # Another file, and away with it again, by the keyboard alone.
    page.get_by_role("button", name="File", exact=True).focus()
    with page.expect_file_chooser() as opened:
        page.keyboard.press("Enter")
    opened.value.set_files([notes])
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="Take away: \u2068notes.txt\u2069").focus()
    page.keyboard.press("Enter")
    dialog = page.locator("#drop-held")
    expect(dialog).to_contain_text("notes.txt")
    dialog.get_by_role("button", name="Take away").focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(2)
    expect(page.get_by_role("button", name="Photo", exact=True)).to_be_focused()

    reader.fill("What was said", "The ditch, as it is today.")
    assert violations(page, "[data-filing]") == []
    reader.fits()
    shoot(page, "field-photos-en-360")
    page.reload()  # the phone was restarted
    expect(rows).to_have_count(2)
    expect(reader.field("What was said")).to_have_value("The ditch, as it is today.")
    # What a phone may add is what its page of then says; the office decides anew.
    page.evaluate("document.body.dataset.mostBytes = 1e9")
    film: FilePayload = {"name": "film.bin", "mimeType": "", "buffer": bytes(25 * 2**20 + 1)}
    choose(reader, "File", film)
    expect(rows).to_have_count(3)
    reader.press("Keep on this phone and send")
    entry = page.locator("[data-queue] li")
    expect(entry).to_contain_text("waits")
    expect(entry).to_contain_text("Files: 3 (")
    expect(page.locator("a[data-waiting]")).to_contain_text("Waiting: 1 · Files: 3 (")

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    # The first photo arrives and the phone does not hear it; nothing of the second one arrives.
    page.context.route("**/field/file/", lose_the_answer, times=1)
    with page.expect_request("**/field/file/"):
        page.context.set_offline(False)
    expect(page.get_by_text("No network")).to_be_visible()
    expect(entry).to_contain_text("its files wait")
    expect(page.locator("a[data-waiting]")).to_contain_text("Files: 3 (")
    page.reload()
    expect(entry).to_contain_text("a file was not taken")
    expect(page.locator("a[data-waiting]")).to_contain_text("Files: 1 (")

    entry.get_by_role("link").click()
    left = page.locator("[data-item-files] li")
    expect(left).to_have_count(1)
    expect(left).to_contain_text("“film.bin” is larger than 25 MB.")
    assert violations(page, "[data-view=item]") == []
    reader.fits()
    shoot(page, "field-file-refused-en-360")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save on this phone: \u2068film.bin\u2069").click()
    assert saved.value.path().stat().st_size == 25 * 2**20 + 1
    conversation = page.locator("[data-kept]:visible").first.get_attribute("href")
    assert conversation
    page.get_by_role("button", name="Take away: \u2068film.bin\u2069").click()
    page.locator("#drop-held").get_by_role("button", name="Take away").click()
    expect(page.get_by_text("This has arrived.")).to_be_visible()
    reader.open("/field/")
    expect(entry).to_contain_text("arrived")

    reader.open(conversation)
    files = page.locator(".en-facts a[href^='/files/']")
    expect(files).to_have_count(2)
    jpeg, png = (files.filter(has_text=name).get_attribute("href") for name in ("image.jpg", "map.png"))
    # Smaller, upright, and silent about the place; the small one byte by byte.
    width, height, top, bottom, tells = page.evaluate(SEEN, f"{jpeg}download/")
    assert (width, height) == (1414, 2121)
    assert (top, bottom, tells) == ([True, False, False], [False, False, True], False)
    assert page.request.get(f"{png}download/").body() == plain_picture()
    people.complaints[:] = [one for one in people.complaints if "net::ERR_" not in one]


def test_a_photo_kept_as_it_was_taken_one_without_room_and_one_stopped_on_the_way(people: People):
    reader, page = at_the_door(people, fresh("Aabye-Original"))
    rows = page.locator("[data-filed] li")
    whole = held_sideways(page)
    page.get_by_label("Keep photos as they are taken").check()
    choose(reader, "Photo", whole)
    expect(rows).to_have_count(1)
    page.evaluate("navigator.storage.estimate = async () => ({quota: 1000, usage: 999})")
    choose(
        reader,
        "File",
        {"name": "film.bin", "mimeType": "", "buffer": bytes(25 * 2**20 + 1)},
        {"name": "late.txt", "mimeType": "text/plain", "buffer": b"Too late."},
    )
    wrong = page.locator("[data-filed-wrong] li")
    expect(wrong.first).to_contain_text("film.bin\u2069” was not added: it is larger than 25 MB.")
    expect(wrong.last).to_contain_text("there is no room on this phone")
    expect(rows).to_have_count(1)
    reader.fill("What was said", "He wants proof.")
    reader.press("Keep on this phone and send")
    entry = page.locator("[data-queue] li").first
    expect(entry).to_contain_text("waits")
    # Something on the way takes nothing so large: it is not sent again and again, and goes when it is told to.
    page.context.route("**/field/file/", lambda route: route.fulfill(status=413, body="<h1>no</h1>"), times=1)
    page.context.set_offline(False)
    expect(entry).to_contain_text("a file was not taken")
    entry.get_by_role("link").click()
    expect(page.locator("[data-item-files]")).to_contain_text("Something between this phone and Enishi")
    page.get_by_role("button", name="Send again: \u2068image.jpg\u2069").click()
    expect(page.get_by_text("This has arrived.")).to_be_visible()
    conversation = page.locator("[data-kept]:visible").first.get_attribute("href")
    assert conversation
    reader.open(conversation)
    jpeg = page.locator(".en-facts a[href^='/files/']").get_attribute("href")
    assert page.request.get(f"{jpeg}download/").body() == whole["buffer"]
    people.complaints[:] = [one for one in people.complaints if "net::ERR_" not in one]
