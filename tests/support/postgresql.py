"""A PostgreSQL server of a test's own, where Debian's package is installed."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SERVERS = Path("/usr/lib/postgresql")


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a server on loopback; yield the address of its database. Skips where there is none."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: aegru-hw[postgresql]")
    found = sorted(SERVERS.glob("*/bin/initdb"))
    if not found:
        pytest.skip(f"no PostgreSQL server in {SERVERS}: apt-get install postgresql")
    programs = found[-1].parent
    user = "postgres" if os.getuid() == 0 else None  # the server refuses to run as root
    with tempfile.TemporaryDirectory(prefix="aegru_postgresql_") as name:
        folder, port = Path(name), free_port()
        if user is not None:
            shutil.chown(folder, user, user)

        def run(program: str, *arguments: str) -> None:
            command = [programs / program, "-D", folder / "data", *arguments]
            done = subprocess.run(
                command, user=user, group=user, cwd=folder, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stdout + done.stderr

        run("initdb", "--auth=trust", "--username=tester", "--no-sync")
        settings = f"-F -p {port} -k {folder} -c listen_addresses=127.0.0.1"
        run("pg_ctl", "start", "--wait", "-l", str(folder / "log"), "-o", settings)
        try:
            yield f"postgresql://tester@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "stop", "--wait", "-m", "immediate")


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
