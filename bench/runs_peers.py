"""The workers of the peers in `runs_throughput.py`: DBOS and huey, in an environment that has them.

DBOS gets a newer SQLite than Debian's, a write-ahead log, and workers with names of their own.
"""

import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

AT_ONCE = 8
QUEUE = "bench"


def touch(directory: Path, number: int) -> None:
    """Add a number to the file, in one write."""
    descriptor = os.open(directory / "done", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{number}\n".encode())
    os.close(descriptor)


def dbos_parts(directory: Path, name: str) -> Any:  # noqa: ANN401 - a package that is not installed here
    """Give the package, launched, with a newer SQLite in the place of Python's."""
    sys.modules["sqlite3"] = import_module("pysqlite3")
    sqlite3: Any = sys.modules["sqlite3"]
    path = directory / "dbos.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    dbos: Any = import_module("dbos")
    dbos.DBOS(
        config={
            "name": "bench", "system_database_url": f"sqlite:///{path}", "executor_id": name,
            "application_version": "1", "log_level": "ERROR", "console_log_level": "ERROR",
        }
    )  # fmt: skip

    def step(number: int) -> int:
        touch(directory, number)
        return number

    kept = dbos.DBOS.step(name="touch")(step)

    def body(number: int) -> int:
        result: int = kept(number)
        return result

    dbos.DBOS.workflow(name="trivial")(body)
    dbos.DBOS.launch()
    dbos.DBOS.register_queue(QUEUE, worker_concurrency=AT_ONCE, polling_interval_sec=0.05)
    return dbos


def dbos_submit(directory: Path, count: int) -> None:
    """Queue the workflows by the client, which carries none itself."""
    dbos = dbos_parts(directory, "submitter")
    dbos.DBOS.destroy()
    client = dbos.DBOSClient(system_database_url=f"sqlite:///{directory / 'dbos.db'}")
    for number in range(count):
        client.enqueue({"queue_name": QUEUE, "workflow_name": "trivial", "app_version": "1"}, number)
    os._exit(0)  # its threads are of no use any more


def dbos_worker(directory: Path, name: str) -> None:
    """Carry workflows until killed."""
    dbos_parts(directory, name)
    while True:
        time.sleep(1)


def huey_parts(directory: Path) -> tuple[Any, Any]:
    """Give the queue and the task, with a write to the disk for each commit as the others have."""
    huey: Any = import_module("huey")
    queue = huey.SqliteHuey(filename=str(directory / "huey.db"), fsync=True)

    def trivial(number: int) -> int:
        touch(directory, number)
        return number

    return queue, queue.task(name="trivial")(trivial)


def huey_submit(directory: Path, count: int) -> None:
    """Queue the tasks."""
    _, task = huey_parts(directory)
    for number in range(count):
        task(number)


def huey_worker(directory: Path, _name: str) -> None:
    """Carry tasks until killed."""
    queue, _ = huey_parts(directory)
    queue.create_consumer(workers=AT_ONCE, worker_type="thread", periodic=False, initial_delay=0.01).run()


def main() -> None:
    """Submit or work, for one of the two."""
    part, engine, directory, value = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]
    if part == "submit":
        (dbos_submit if engine == "dbos" else huey_submit)(directory, int(value))
    else:
        (dbos_worker if engine == "dbos" else huey_worker)(directory, value)


if __name__ == "__main__":
    main()
