"""The shape of the code: what linters of imports do not see."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from enishi.core import registry

SOURCE = Path(__file__).resolve().parents[2] / "src" / "enishi"
APPS = sorted(p.parent.name for p in SOURCE.glob("*/apps.py"))
NO_ORM = {"views", "portal", "api", "panels", "forms", "receivers", "tasks"}
FORBIDDEN_NAMES = {"utils", "helpers", "managers", "common", "admin"}
LONGEST = 600


def _modules() -> Iterator[Path]:
    for path in sorted(SOURCE.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path


def _layer(path: Path) -> str:
    """``views`` for both ``app/views.py`` and ``app/views/records.py``."""
    parts = path.relative_to(SOURCE).parts
    return parts[1].removesuffix(".py") if len(parts) > 1 else ""


def _calls(path: Path) -> Iterator[ast.Attribute]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            yield node


@pytest.mark.parametrize("path", list(_modules()), ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_module_keeps_to_the_shape_of_its_app(path):
    assert path.stem not in FORBIDDEN_NAMES, "name the module after what it is about"
    assert len(path.read_text().splitlines()) <= LONGEST, "make it a package of the same name"
    for node in _calls(path):
        where = f"{path.relative_to(SOURCE)}:{node.lineno}"
        assert node.attr != "get_model", f"{where}: import the model, so that the layers are checked"
        if _layer(path) in NO_ORM and path.relative_to(SOURCE).parts[0] in APPS:
            assert node.attr not in {"objects", "_default_manager"}, (
                f"{where}: reads belong to queries, writes to services"
            )


@pytest.mark.parametrize("path", sorted(SOURCE.glob("*/models*")), ids=lambda p: str(p.relative_to(SOURCE)))
def test_models_hold_no_saving_logic(path):
    for module in [path] if path.is_file() else path.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.FunctionDef):
                assert node.name not in {"save", "delete", "clean"}, f"{module.name}:{node.lineno}"


@pytest.mark.parametrize("app", APPS)
def test_every_right_that_code_asks_for_is_declared(app):
    from enishi.accounts.access import rights

    pattern = re.compile(
        r"""["']((?:accounts|timeline|contacts|content|commitments|conversations|cases)\.[a-z]+)["']"""
    )
    asked = set()
    for path in (SOURCE / app).rglob("*.py"):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr in {
                "may",
                "require",
                "require_everywhere",
                "may_everywhere",
                "scope",
                "clearance",
            }:
                constants = [a.value for a in node.args if isinstance(a, ast.Constant)]
                asked |= {value for value in constants if pattern.fullmatch(repr(value))}
    assert asked <= set(rights())


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("templates/**/*.html")), ids=lambda p: str(p.relative_to(SOURCE))
)
def test_templates_hold_no_inline_code(path):
    text = path.read_text()
    assert not re.search(r"<style\b|\sstyle=|\son[a-z]+=\"|javascript:", text)
    for script in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in script or "application/json" in script
    assert "|safe" not in text, "escape, or build safe text in Python with format_html"


def test_no_random_clock():
    """Dated rules ask ``core.clock``; nobody reads the time on their own."""
    for path in _modules():
        if path.name == "clock.py" or path.relative_to(SOURCE).parts[0] == "config":
            continue
        for node in _calls(path):
            if node.attr in {"today", "utcnow"} or (
                node.attr == "now" and ast.unparse(node).startswith(("datetime.", "dt."))
            ):
                source = ast.unparse(node)
                assert source.startswith(("clock.", "jdatetime.")) or not source.startswith(
                    ("dt.date", "dt.datetime", "datetime.", "date.")
                ), f"{path.relative_to(SOURCE)}:{node.lineno}: {source}"


def test_every_entry_of_a_menu_has_its_icon():
    """The sprite holds the icons that are named as such; one that is missing leaves a hole in the navigation."""
    sprite = (SOURCE / "core" / "static" / "dist" / "icons.svg").read_text()
    entries = [*registry.menu(), *registry.new_entries()]
    assert [entry.icon for entry in entries if f'id="{entry.icon}"' not in sprite] == []
