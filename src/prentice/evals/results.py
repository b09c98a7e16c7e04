"""The results of evaluations on the disk: case by case while one goes on, and the last whole one of each model.

They lie in `evals/` of the user's data directory. The journal of a model only grows: a line says with what an
evaluation was begun, those behind it are its results. What was killed is gone on with from there.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypedDict

from prentice.config import data_directory
from prentice.errors import WriteFailedError
from prentice.evals.verdict import Result
from prentice.prompts.tuned import ModelKey
from prentice.store.atomic import replace_file

_NEXT: Final = "Free disk space or mend the permissions, then go on with `--resume`: what was measured before is kept."


class Results:
    """The results of one model on this machine. `begun_with` is all that results have to share to be put together."""

    def __init__(self, model: ModelKey, *, backend: str, begun_with: Mapping[str, Any]) -> None:
        self._slug = f"{backend}-{model.slug}"
        self._begun = hashlib.sha256(json.dumps(begun_with, sort_keys=True).encode()).hexdigest()[:16]
        self._found: dict[tuple[str, str], Result] = {}
        self.path = directory() / f"{self._slug}.jsonl"

    def begin(self) -> None:
        """Begin an evaluation anew.

        Raises:
            WriteFailedError: the disk refused.
        """
        self._found = {}
        self._write({"begun": self._begun})

    def resume(self) -> None:
        """Go on with the last evaluation, if it was begun with the same; else begin one.

        Raises:
            WriteFailedError: the disk refused.
        """
        is_same, found = False, dict[tuple[str, str], Result]()
        for row in self._rows():
            if "begun" in row:
                is_same = row["begun"] == self._begun
                found = {}
            elif is_same:
                try:
                    result = Result.from_document(row)
                except ValueError:
                    continue  # a line that was damaged is measured again
                found[result.name, result.digest] = result
        if not is_same:
            self.begin()
        self._found = found if is_same else {}

    def get(self, name: str, digest: str) -> Result | None:
        """Give the result of a case as it is now, where there is one."""
        return self._found.get((name, digest))

    def keep(self, result: Result) -> None:
        """Keep a result; when this returns it is on the disk.

        Raises:
            WriteFailedError: the disk refused.
        """
        self._write(result.document())
        self._found[result.name, result.digest] = result

    def finish(self, document: Mapping[str, Any]) -> Path:
        """Keep a whole evaluation in place of the model's last one, and give the file.

        Raises:
            WriteFailedError: the disk refused.
        """
        path = directory() / f"{self._slug}.json"
        replace_file(path, (json.dumps(document, ensure_ascii=True, indent=1) + "\n").encode())
        return path

    def _rows(self) -> list[dict[str, Any]]:
        try:
            content = self.path.read_bytes()
        except OSError:
            return []
        rows = []
        for line in content.splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue  # the last line of a killed process
            if isinstance(row, dict):
                rows.append(row)
        return rows

    def _write(self, row: Mapping[str, Any]) -> None:
        line = (json.dumps(row, ensure_ascii=True) + "\n").encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as file:
                if file.tell() and not _ends_a_line(file.fileno()):
                    line = b"\n" + line  # a killed process left half a line
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise WriteFailedError(
                f"{self.path} could not be written: {error.strerror or error}.", next_step=_NEXT
            ) from error


class PartCounts(TypedDict):
    """The counts of one part."""

    part: str
    cases: int
    right: int
    interval: list[float]


class LastEvaluation(TypedDict):
    """What a model's last whole evaluation came to, and when, in UTC."""

    at: str
    parts: list[PartCounts]


def latest(backend: str, model: str) -> LastEvaluation | None:
    """Give what a model's last whole evaluation came to, in any quantization; None where there is none."""
    found: list[LastEvaluation] = []
    for path in directory().glob(f"{backend}-*.json"):
        try:
            document = json.loads(path.read_bytes())
            if (document["backend"], document["model"]) == (backend, model):
                found.append({"at": document["at"], "parts": [_counts(part) for part in document["parts"]]})
        except (OSError, ValueError, TypeError, KeyError):
            continue  # a damaged one says nothing
    return max(found, key=lambda one: one["at"], default=None)


def _counts(part: Mapping[str, Any]) -> PartCounts:
    return {"part": part["part"], "cases": part["cases"], "right": part["right"], "interval": part["interval"]}


def directory() -> Path:
    """Give the directory of all evaluations."""
    return data_directory(os.environ) / "evals"


def _ends_a_line(descriptor: int) -> bool:
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) == b"\n"
