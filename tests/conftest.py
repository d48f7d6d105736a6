"""Every test runs against the embedded PostgreSQL, in data folders of its own."""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED_DATA = REPOSITORY.parent / "shared" / "data"

os.environ.setdefault("ENISHI_DATA_DIR", str(REPOSITORY / "var" / "test"))
os.environ.setdefault("ENISHI_SECRET_KEY", "test-only-" + "k" * 60)
os.environ.setdefault("ENISHI_DEBUG", "0")
if "DATABASE_URL" not in os.environ:
    from enishi.config.postgres import ensure_running

    os.environ["DATABASE_URL"] = ensure_running(Path(os.environ["ENISHI_DATA_DIR"]), durable=False)
# Named here and not in pyproject.toml, which would load the settings before the lines above.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.config.settings")
django.setup()


@pytest.fixture(scope="session")
def django_db_modify_db_settings_xdist_suffix(request: pytest.FixtureRequest) -> None:
    """Let two runs go side by side: each worker, and each run that names itself, has a database of its own."""
    from pytest_django.fixtures import _set_suffix_to_test_databases

    worker = getattr(request.config, "workerinput", {}).get("workerid", "")
    suffix = "_".join(filter(None, [os.environ.get("PYTEST_DB_SUFFIX", ""), worker]))
    if suffix:
        _set_suffix_to_test_databases(suffix=suffix)


@pytest.fixture(autouse=True)
def _own_files(settings: object) -> Iterator[None]:
    """Stored files and outgoing mail of one test never meet those of another."""
    folder = tempfile.mkdtemp(prefix="enishi-test-")
    settings.FILES_DIR = Path(folder) / "files"  # type: ignore[attr-defined]
    # names without hashes: no test gathers the static files
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}  # type: ignore[attr-defined]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"  # type: ignore[attr-defined]
    # Thousands of made-up users need no slow hash.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]  # type: ignore[attr-defined]
    yield
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared sample files are not beside this checkout")
    return SHARED_DATA


@pytest.fixture
def built_in(transactional_db: None) -> None:
    """What migrations put into the database: a test that commits before has emptied every table."""
    from django.apps import apps

    importlib.import_module("enishi.contacts.migrations.0002_built_in").add(apps, None)
