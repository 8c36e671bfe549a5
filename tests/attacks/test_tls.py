"""With verified TLS certificates, the right server is accepted and a wrong one is one line; on real servers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from customer360.errors import Customer360Error
from customer360.postgres import catalog
from customer360.postgres.connection import Database
from customer360.postgres.embedded import EmbeddedPostgres
from tests.attacks.command_line import customer360
from tests.attacks.tls_front import tls_front

NAME = "db.example.com"


@dataclass(frozen=True)
class Certificates:
    authority: Path
    stranger: Path
    """An authority that has not signed our certificate."""
    server: Path
    key: Path


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Two authorities, and a server certificate signed by the first."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to make certificates with")
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

    for name in ("authority", "stranger"):
        openssl(
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.crt",
            "-days",
            "2",
            "-subj",
            f"/CN={name}",
        )
    openssl(
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "server.key",
        "-out",
        "server.csr",
        "-subj",
        f"/CN={NAME}",
    )
    (folder / "names").write_text(f"subjectAltName=DNS:{NAME}\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "authority.crt", "-CAkey", "authority.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "server.crt")  # fmt: skip
    authority, stranger, server = (folder / f"{name}.crt" for name in ("authority", "stranger", "server"))
    return Certificates(authority, stranger, server, folder / "server.key")


@pytest.fixture(scope="module")
def front(embedded: EmbeddedPostgres, certificates: Certificates) -> Iterator[tuple[int, list[str]]]:
    """The embedded server behind TLS, because its programs are built without it; and the TLS versions seen."""
    port = int(embedded.database().parts["port"])
    with tls_front(port, str(certificates.server), str(certificates.key)) as opened:
        yield opened


@pytest.fixture
def with_tls(embedded: EmbeddedPostgres, certificates: Certificates, front: tuple[int, list[str]]) -> Database:
    """The database through TLS, by the name in the certificate."""
    verified = {"sslmode": "verify-full", "sslrootcert": str(certificates.authority)}
    return Database(
        make_conninfo(embedded.database().url, host=NAME, hostaddr="127.0.0.1", port=front[0], **verified)
    )


def test_both_connections_to_the_server_are_encrypted_and_verified(
    with_tls: Database, front: tuple[int, list[str]]
) -> None:
    """The connection for statements (psycopg) and the one for rows (ADBC)."""
    _, versions = front
    versions.clear()
    with with_tls.connect() as connection:
        assert catalog.value(connection, "SELECT 42") == 42
    with closing(with_tls.connect_arrow()) as arrow:
        assert arrow.value(sql.SQL("SELECT 42")) == 42

    assert len(versions) >= 2
    assert set(versions) <= {"TLSv1.2", "TLSv1.3"}


def test_a_command_works_with_the_options_in_the_url(with_tls: Database) -> None:
    """As a user writes it."""
    parts = with_tls.parts
    url = (
        f"postgresql://{parts['user']}:{parts['password']}@{NAME}:{parts['port']}/{parts['dbname']}"
        f"?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={parts['sslrootcert']}"
    )
    ended = customer360("status", "--database", url)

    assert (ended.code, ended.stderr) == (0, "")
    assert f"@{NAME}:" in ended.stdout


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"host": "other.example.com"},
            'server certificate for "db.example.com" does not match host name "other.example.com"',
        ),
        ({"sslrootcert": "STRANGER"}, "certificate verify failed"),
        ({"sslrootcert": "nothing.crt"}, 'root certificate file "nothing.crt" does not exist'),
        ({"port": "PLAIN"}, "server does not support SSL, but SSL was required"),
    ],
    ids=["another name", "another authority", "no authority", "no TLS"],
)
def test_a_server_without_a_valid_certificate_is_refused(
    embedded: EmbeddedPostgres, with_tls: Database, certificates: Certificates, wrong: dict[str, str], said: str
) -> None:
    """Before the password is sent; for both connections, and in one line."""
    real = {"STRANGER": str(certificates.stranger), "PLAIN": embedded.database().parts["port"]}
    url = make_conninfo(with_tls.url, **{name: real.get(value, value) for name, value in wrong.items()})

    ended = customer360("status", "--database", url)

    assert (ended.code, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1
    assert said in ended.stderr
    assert "Check sslmode and sslrootcert in the URL" in ended.stderr
    assert with_tls.parts["password"] not in ended.stderr
    with pytest.raises(Customer360Error, match=r"(?i)certificate|SSL"):
        Database(url).connect_arrow()
