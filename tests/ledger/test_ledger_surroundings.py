"""What is known of the place and the locks of a database."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from prentice.errors import LedgerError
from prentice.ledger.database import Database
from prentice.ledger.migrations import LEDGER
from prentice.ledger.surroundings import holder, journal_for

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells who holds a lock")


def mounted(directory: Path, kind: str) -> Path:
    listed = directory / "mountinfo"
    place = str(directory).replace(" ", "\\040")
    listed.write_text(
        f"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n36 22 0:32 / {place} rw - {kind} server:/home rw\n"
    )
    return listed


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p"])
def test_on_a_network_file_system_the_ledger_does_without_shared_memory(tmp_path: Path, kind: str) -> None:
    mounts = mounted(tmp_path, kind)
    one, two = (Database(tmp_path / "ledger.db", LEDGER, mounts=mounts) for _ in range(2))
    assert one.rows("PRAGMA journal_mode")[0][0] == "delete"
    before = one.version()
    with two.transaction() as connection:
        connection.execute("INSERT INTO blobs (digest, text) VALUES ('a', 'b')")
    assert one.version() != before
    assert len(one.rows("SELECT * FROM blobs")) == 1
    assert not (tmp_path / "ledger.db-shm").exists()
    one.close()
    two.close()


def test_elsewhere_it_uses_a_write_ahead_log(tmp_path: Path) -> None:
    assert journal_for(tmp_path / "ledger.db", mounts=mounted(tmp_path, "xfs")) == "WAL"
    assert journal_for(tmp_path / "ledger.db", mounts=tmp_path / "none") == "WAL"


@on_linux
def test_who_holds_a_locked_ledger_is_named_with_what_to_do(tmp_path: Path) -> None:
    database = Database(tmp_path / "ledger.db", LEDGER)
    assert holder(database.path) == ""
    program = (
        "import sqlite3, sys, time\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('BEGIN IMMEDIATE')\n"
        "print('locked', flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, database.path], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert f"Process {other.pid} (" in holder(database.path)
        other.send_signal(signal.SIGSTOP)
        with pytest.raises(LedgerError) as caught, database.transaction():
            pass
        assert f"kill -CONT {other.pid}" in caught.value.next_step
        other.kill()
    with database.transaction():
        pass
    database.close()
