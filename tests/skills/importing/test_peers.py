"""The samples, made anew by the real tools where they are installed."""

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from prentice.skills.importing.source import open_source
from prentice.tasks.imports.formats import read
from prentice.tasks.imports.item import Format, ImportedTask
from prentice.tasks.imports.settle import settle

SAMPLES = Path(__file__).parents[2] / "samples" / "imports"
_PEERS = os.environ.get("PRENTICE_TEST_PEERS", "")  # read here: no test sees the user's own variables


def imported(path: Path, kind: Format) -> tuple[ImportedTask, ...]:
    """Read a project; the times at which it was made are no part of what is compared."""
    documents = [
        replace(document, text=re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "", document.text))
        for document in open_source(path, kind=kind).documents
    ]
    return settle(read(kind, documents), kind, closed=True).tasks


@pytest.mark.skipif(
    not _PEERS, reason="PRENTICE_TEST_PEERS does not name a directory with task-master and backlog, which need Node"
)
@pytest.mark.parametrize(
    ("folder", "kind", "program"), [("task_master", "task-master", "task-master"), ("backlog", "backlog", "backlog")]
)
def test_the_real_tool_still_writes_what_the_sample_holds(
    tmp_path: Path, folder: str, kind: Format, program: str
) -> None:
    if shutil.which(program, path=_PEERS) is None:
        pytest.skip(f"{program} is not in {_PEERS}")
    made = tmp_path / "made"
    command = ["sh", str(SAMPLES / folder / "make.sh"), _PEERS, str(made)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    assert imported(made, kind) == imported(SAMPLES / folder / "project", kind)
