"""The embedded server's data, port and passwords if parts are missing, paths differ, or another program listens."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import psutil
import pytest

from customer360 import settings
from customer360.errors import Customer360Error
from customer360.postgres.embedded import HOST, EmbeddedPostgres
from tests.attacks.command_line import Ended, contents, customer360
from tests.conftest import new_home

ASKS = {
    "for the password": b"R\0\0\0\x08\0\0\0\x03",
    "for its MD5": b"R\0\0\0\x0c\0\0\0\x05salt",
    "for nothing": b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I",
}
COMMANDS = [
    ["status"],
    ["db", "start"],
    ["db", "url"],
    ["mock", "--customers", "10"],
    ["run"],
    ["power-bi", "project"],
]


@pytest.fixture(scope="module")
def made() -> Iterator[EmbeddedPostgres]:
    """A server with a user's table; every test leaves it intact."""
    server = EmbeddedPostgres(new_home())
    with server.start().connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    yield server
    server.stop()
    shutil.rmtree(server.home)


@pytest.fixture
def kept(made: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> EmbeddedPostgres:
    """The same, running, as the home of the commands."""
    monkeypatch.setenv(settings.HOME, str(made.home))
    made.start()
    return made


def answer(server: EmbeddedPostgres) -> object:
    with server.start().connect() as connection:
        return connection.execute("SELECT answer FROM kept").fetchall()


def take_account(home: Path) -> None:
    (home / "account.json").rename(home / "away")


def take_data(home: Path) -> None:
    (home / "data").rename(home / "away")


def take_version(home: Path) -> None:
    (home / "data" / "PG_VERSION").rename(home / "away")


def take_the_disk_of_data(home: Path) -> None:
    take_data(home)
    (home / "data").symlink_to(home / "disk" / "data")


def take_the_mounted_data(home: Path) -> None:
    take_data(home)
    (home / "data" / "lost+found").mkdir(parents=True)


def take_data_for_a_file(home: Path) -> None:
    take_data(home)
    (home / "data").touch()


def cut_account(home: Path) -> None:
    shutil.copy2(home / "account.json", home / "away")
    (home / "account.json").write_text((home / "account.json").read_text()[:20])


def put_back(home: Path, taken: Callable[[Path], None]) -> None:
    places: dict[Callable[[Path], None], str] = {
        take_account: "account.json",
        cut_account: "account.json",
        take_version: "data/PG_VERSION",
    }
    place = home / places.get(taken, "data")
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    (home / "away").rename(place)


@pytest.mark.parametrize(
    ("take", "said"),
    [
        (take_account, "passwords of the embedded database are missing"),
        (cut_account, "account.json is damaged"),
        (take_data, "data of the embedded database is missing"),
        (take_version, "is not a PostgreSQL data folder"),
        (take_the_disk_of_data, "is not a PostgreSQL data folder"),
        (take_the_mounted_data, "is not a PostgreSQL data folder"),
        (take_data_for_a_file, "is not a PostgreSQL data folder"),
    ],
)
def test_a_missing_part_is_reported_and_not_recreated(
    kept: EmbeddedPostgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    take: Callable[[Path], None],
    said: str,
) -> None:
    """A backup without secrets, or a disconnected disk: when the part is back, everything works again."""
    monkeypatch.chdir(tmp_path)
    kept.stop()
    take(kept.home)
    before = contents(kept.home)

    for command in COMMANDS:
        require_one_line(customer360(*command), said)
    diagnosis = customer360("doctor")
    assert diagnosis.code == 1
    assert said in diagnosis.stdout

    assert contents(kept.home) == before
    put_back(kept.home, take)
    assert answer(kept) == [(42,)]


@pytest.mark.parametrize("take", [take_account, cut_account])
def test_a_running_server_whose_passwords_are_lost_gets_new_ones(
    kept: EmbeddedPostgres, take: Callable[[Path], None]
) -> None:
    """The message says how, and the data stays."""
    old = kept.database()
    take(kept.home)
    refused = customer360("status")
    require_one_line(refused, "customer360 db stop, then customer360 db start --new-passwords")
    require_one_line(
        customer360("db", "start", "--new-passwords"), "is running; stop it first: customer360 db stop"
    )
    assert kept.is_running()

    assert customer360("db", "stop").stdout == "stopped\n"
    assert customer360("db", "start", "--new-passwords").code == 0

    assert answer(kept) == [(42,)]
    kept.reader_database().connect().close()
    with pytest.raises(Customer360Error, match="password authentication failed"):
        old.connect()


def test_a_server_whose_files_are_gone_is_not_started_again(kept: EmbeddedPostgres) -> None:
    """It would continue to write when they are back."""
    server = psutil.Process(int((kept.data / "postmaster.pid").read_text().splitlines()[0]))
    (kept.data / "postmaster.pid").rename(kept.home / "postmaster.pid")
    try:
        for command in (["db", "start"], ["db", "stop"]):
            require_one_line(
                customer360(*command), f"is still running, but its files are gone; stop it with: kill {server.pid}"
            )
    finally:
        (kept.home / "postmaster.pid").rename(kept.data / "postmaster.pid")

    assert answer(kept) == [(42,)]


@pytest.mark.parametrize("spelling", ["{link}", "{link}/../{name}", "{home}/../{name}", "{home}/", "{home}/."])
def test_a_home_by_another_spelling_is_the_same_server(
    kept: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    """Its port and passwords stay, and it can be stopped by any name."""
    account, url = (kept.home / "account.json").read_bytes(), kept.database().url
    (kept.home.parent / f"{kept.home.name}-link").symlink_to(kept.home)
    try:
        link = kept.home.parent / f"{kept.home.name}-link"
        monkeypatch.setenv(settings.HOME, spelling.format(link=link, home=kept.home, name=kept.home.name))

        assert customer360("db", "start").stdout == f"running at {kept.database().where}\n"
        assert customer360("status").code == 0
        assert customer360("db", "url").stdout.strip() == url
        assert (kept.home / "account.json").read_bytes() == account
        assert customer360("db", "stop").stdout == "stopped\n"
        assert not kept.is_running()
    finally:
        link.unlink()


def test_a_home_on_a_disconnected_disk_is_not_recreated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken link, or a folder below one."""
    (tmp_path / "home").symlink_to(tmp_path / "disk" / "home")
    for home in ("home", "home/below"):
        monkeypatch.setenv(settings.HOME, str(tmp_path / home))
        require_one_line(customer360("db", "start"), "cannot create the folder")

    assert not (tmp_path / "disk").exists()


@contextmanager
def impostor(port: int, asks: str) -> Iterator[list[bytes]]:
    """Another user's program on the port of a stopped server; it asks every client for the password."""
    heard: list[bytes] = []
    with socket.create_server((HOST, port)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    client.settimeout(2)
                    with client, suppress(OSError):
                        if len(client.recv(4096)) == 8:  # asks for TLS
                            client.sendall(b"N")
                            client.recv(4096)
                        client.sendall(ASKS[asks])
                        heard.append(client.recv(4096))

        thread = Thread(target=serve)
        thread.start()
        try:
            yield heard
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("asks", ASKS)
def test_no_password_and_no_query_reaches_a_program_that_took_the_port(kept: EmbeddedPostgres, asks: str) -> None:
    """Any account of the machine can listen there once the server has stopped, and the dashboard keeps connecting."""
    owner, reader = kept.database(), kept.reader_database()
    kept.stop()
    with impostor(int(owner.parts["port"]), asks) as heard:
        for database in (owner, reader):
            for connect in (database.connect, database.connect_arrow):
                with pytest.raises(Customer360Error, match="server (requested|did not complete)"):
                    connect()

    assert heard == [b""] * 4


def require_one_line(ended: Ended, said: str) -> None:
    assert ended.code == 1, ended
    *_, line = ended.stderr.splitlines()
    assert said in line
    assert "Traceback" not in ended.stderr
