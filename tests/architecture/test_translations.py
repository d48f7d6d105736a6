"""Every word in four languages: catalogues whole, templates marked, pages without a gap."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import polib
import pytest
from django.utils import translation

from enishi.accounts.models import User

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "src" / "enishi"
LANGUAGES = {"ja": 1, "fr": 2, "fa": 2}
"""Each with its number of plural forms."""
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd]|(?<!\{)\{(\w*)\}(?!\})")
PAGES = (
    "/", "/people/", "/people/new/person/", "/people/import/", "/people/duplicates/", "/conversations/", "/promises/",
    "/promises/board/", "/promises/tasks/", "/cases/", "/cases/new/?kind=grievance", "/files/", "/search/?q=tanaka", "/history/", "/settings/account/",
    "/settings/roles/", "/settings/organisation/", "/people/setup/fields/",
)  # fmt: skip

# What stands in a template and reads the same in every language.
SAME_EVERYWHERE = {
    "Enishi", "API", "OpenAPI 3.1", "1500 EUR", "· Enishi", "OpenAPI", "CSV", "XLSX", "vCard", "E-mail", "Authorization: Bearer", "Ctrl", "Enter", "Esc",
    "Shift", "Ctrl K", "Ctrl Enter", "G", "J", "K", "X", "N", "Z", "L", "R", "P", "Shift X", "GET", "POST",
}  # fmt: skip
MARKED = re.compile(
    r"{%\s*blocktranslate\b.*?{%\s*endblocktranslate\s*%}|{%\s*comment\b.*?{%\s*endcomment\s*%}"
    r"|{%\s*verbatim\b.*?{%\s*endverbatim\s*%}|{#.*?#}|{%.*?%}|{{.*?}}|<!--.*?-->"
    r"|<(script|style|code|pre|kbd|svg)\b.*?</\1>",
    re.DOTALL,
)
ATTRIBUTE = re.compile(r"\s(?:title|aria-label|placeholder|alt|label)=\"([^\"]*)\"")


def _catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(SOURCE / "locale" / language / "LC_MESSAGES" / "django.po"))


def _placeholders(text: str) -> list[str]:
    return sorted({found[0] for found in PLACEHOLDER.finditer(text)})


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_is_complete(language):
    entries = [entry for entry in _catalogue(language) if not entry.obsolete]
    assert len(entries) > 1000
    missing = [
        entry.msgid
        for entry in entries
        if not (
            all(entry.msgstr_plural.values()) and entry.msgstr_plural if entry.msgid_plural else entry.msgstr
        )
    ]
    assert (len(missing), missing[:20]) == (0, [])
    assert [entry.msgid for entry in entries if entry.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_placeholders_and_plural_forms(language):
    wrong = []
    for entry in _catalogue(language).translated_entries():
        if not entry.msgid_plural:
            if _placeholders(entry.msgid) != _placeholders(entry.msgstr):
                wrong.append(entry.msgid)
            continue
        allowed = set(_placeholders(entry.msgid)) | set(_placeholders(entry.msgid_plural))
        forms = entry.msgstr_plural
        # A singular may say "one" instead of the number; the last form speaks of any number.
        if (
            sorted(forms) != list(range(LANGUAGES[language]))
            or not all(set(_placeholders(form)) <= allowed for form in forms.values())
            or set(_placeholders(forms[max(forms)])) != set(_placeholders(entry.msgid_plural))
        ):
            wrong.append(entry.msgid)
    assert wrong == []


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("templates/**/*.html")), ids=lambda p: str(p.relative_to(SOURCE))
)
def test_every_word_of_a_template_is_marked(path):
    if path.name == "components.html":
        pytest.skip("shows the components to authors of pages")
    text = MARKED.sub("\x00", path.read_text())
    words = [found[1] for found in ATTRIBUTE.finditer(text)]
    words += re.sub(r"<[^>]*>", "\x00", text).split("\x00")
    plain = [re.sub(r"&\w+;", "", word).strip() for word in words]
    unmarked = [word for word in plain if re.search(r"[^\W\d_]{2}", word) and word not in SAME_EVERYWHERE]
    assert unmarked == [], "put it into {% translate %} or {% blocktranslate %}"


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_the_main_pages_speak_every_language(world, language):
    admin = world.people["admin"]
    User.objects.filter(pk=admin.pk).update(language=language)
    client = world.client("admin")
    for page in PAGES:
        answer = client.get(page, follow=True)
        assert answer.status_code == 200, page
        text = answer.content.decode()
        direction = "rtl" if language == "fa" else "ltr"
        head = re.search(r"<html\b[^>]*>", text)
        assert head and f'lang="{language}"' in head[0] and f'dir="{direction}"' in head[0], page
        assert not re.search(r"%\(\w+\)[sd]", text), f"{page}: a placeholder was not filled"
        assert ("tabler.rtl" in text) == (language == "fa"), page
    translation.activate("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_people_see_first_is_translated(language):
    with translation.override(language):
        for words in ("My day", "Duplicates", "Promises", "Files", "History", "Sign out"):
            assert translation.gettext(words) != words, words


def test_styles_speak_of_start_and_end():
    node = shutil.which("node") or str(REPOSITORY / ".venv" / "node" / "node")
    if not Path(node).exists():
        pytest.skip("node is not here; `make check` runs this as well")
    done = subprocess.run(
        [node, "frontend/check.mjs"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
