"""Renaming a Python definition with all its references, by rope. Strings and comments are left, and said."""

import importlib.metadata
import importlib.util
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from prentice.changes.change import Change
from prentice.extras import install_command
from prentice.skills.execute.tools import rename_program
from prentice.skills.execute.tools.task import Declined, ToolOutcome
from prentice.skills.execute.tools.workbench import Workbench, named, said

_PACKAGES: Final = ("rope", "pytoolconfig", "packaging", "platformdirs")
"""Rope and what it imports."""
_MAX_BYTES: Final = 2_000_000
_TEXT: Final = 400_000
"""Files that are no Python are searched for the name up to this size."""


def renamed(bench: Workbench, *, old: str, new: str, files: Sequence[str]) -> ToolOutcome:
    """Rename a definition, found in `files` or else in one place of the project, and every reference to it.

    Raises:
        Declined: rope is missing, the name has no definition or several, the new one is taken, or a place cannot be
            told to be a reference or not.
    """
    places = _places()
    word = old.rpartition(".")[2]
    tree = bench.worktree.snapshot()
    python, texts = [], []
    for path in sorted(tree.listed):
        file = tree.read(path)
        if file is None or not file.is_regular or len(file.content) > _MAX_BYTES:
            continue
        found = list(_lines_with(word, file.content))
        if found and path.endswith(".py"):
            python.append(path)
        elif found and len(file.content) <= _TEXT and b"\0" not in file.content:
            texts += [f"{path}:{line}" for line in found]
    if stubs := [place for place in texts if place.split(":")[0].endswith((".pyi", ".pyx", ".ipynb"))]:
        raise Declined(f"`{word}` stands in {named(stubs)}, which a rename in Python does not reach.")
    request = {"paths": python, "preferred": list(files), "old": old, "new": new, "places": list(map(str, places))}
    report: dict[str, Any] = {}

    def work() -> None:
        report.update(_answer(bench, request, places))
        if why := report.get("declined"):
            raise Declined(f"The rename of `{old}` was left to others: {why}.")

    change = bench.changed(work, paths=python, tool="rope")
    notes = tuple(_notes(word, report, texts))
    change = Change(files=change.files, notes=(*change.notes, *notes))
    says = (
        f"Renamed `{report['qualified']}` ({report['site']}) to `{new}` with every reference, in "
        f"{named(file.path for file in change.files)}."
    )
    removing = tuple(dict.fromkeys((old, word, str(report["qualified"]))))
    return ToolOutcome(change=change, tool=_version(), explanation=" ".join((says, *notes)), removing=removing)


def _notes(word: str, report: dict[str, Any], texts: Sequence[str]) -> Iterator[str]:
    if mentions := [*report["texts"], *texts]:
        yield f"Strings, comments and texts that mention `{word}` were left as they are: {named(mentions)}."
    if report["others"]:
        yield f"Other things of the name `{word}` were left as they are: {named(report['others'])}."


def _answer(bench: Workbench, request: dict[str, Any], places: Sequence[Path]) -> dict[str, Any]:
    asked = bench.worktree.scratch / "rename.json"
    try:
        asked.write_text(json.dumps(request), encoding="utf-8")
    except OSError as error:
        raise Declined(f"rope cannot be told what to do: {error.strerror or error}.") from error
    source = Path(rename_program.__file__).read_text(encoding="utf-8")
    ended = bench.run((sys.executable, "-I", "-c", source, str(asked)), readable=places)
    try:
        answer = json.loads(ended.stdout) if ended.status == 0 else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Declined(f"rope failed: {said(ended)}.")
    return answer


def _places() -> tuple[Path, ...]:
    """Give the directories in which rope and what it needs are installed."""
    found = []
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.origin:
            raise Declined(f"Renames need rope, which is not installed: `{install_command('code')}`.")
        found.append(Path(spec.origin).parent.parent)
    return tuple(dict.fromkeys(found))


def _version() -> str:
    return f"rope {importlib.metadata.version('rope')}"


def _lines_with(word: str, content: bytes) -> Iterator[int]:
    if word.encode() not in content:
        return
    pattern = re.compile(rb"(?<!\w)" + re.escape(word.encode()) + rb"(?!\w)")
    for number, line in enumerate(content.splitlines(), start=1):
        if pattern.search(line):
            yield number
