"""Labelled examples: what a model is given, what it should answer, and the parts that they are shared out to."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from prentice.errors import UsageError

LEAST: Final = 6
"""Fewer examples make no three parts."""
_SHARE: Final = 0.3
"""Of all examples, those for validation, and those that are held out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One labelled example: the values by name, and what is expected of the answer."""

    id: str
    given: Mapping[str, Any]
    expected: Any

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts that a model is given."""
        return tuple(_texts(dict(self.given)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Examples to learn from, to select by, and to decide by in the end; no example is in two parts."""

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    held_out: tuple[Example, ...]

    @property
    def sizes(self) -> dict[str, int]:
        """How many are in each part."""
        return {"train": len(self.train), "validation": len(self.validation), "held_out": len(self.held_out)}


def shared_out(examples: Sequence[Example]) -> Parts:
    """Share examples out by the digest of their ids: the same each time, and in no order that a file has."""
    mixed = sorted(examples, key=lambda example: hashlib.sha256(example.id.encode("utf-8", "replace")).digest())
    share = max(1, round(len(mixed) * _SHARE))
    return Parts(
        held_out=tuple(mixed[:share]), validation=tuple(mixed[share : 2 * share]), train=tuple(mixed[2 * share :])
    )


def digest(examples: Sequence[Example]) -> str:
    """Give what tells a set of examples from any other."""
    written = json.dumps([[item.id, dict(item.given), item.expected] for item in examples], sort_keys=True)
    return hashlib.sha256(written.encode("utf-8", "replace")).hexdigest()[:12]


def load(path: Path) -> tuple[Example, ...]:
    """Read examples from a JSON Lines file.

    Raises:
        UsageError: it cannot be read, or a line is no example; names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"The examples {path} cannot be read: {error}.", next_step="Give a JSON Lines file: `--examples FILE`."
        ) from error
    return _read(text, name=str(path))


def shipped(template: str) -> tuple[Example, ...]:
    """Give the examples that Prentice brings for a template.

    Raises:
        UsageError: it brings none.
    """
    entry = resources.files("prentice.evals").joinpath("labelled", f"{template}.jsonl")
    if not entry.is_file():
        raise UsageError(
            f"Prentice has no labelled examples for {template}.",
            next_step="Give your own: `--examples FILE`; docs/tuning.md describes them.",
        )
    return _read(entry.read_text(encoding="utf-8"), name=f"{template}.jsonl")


def _read(text: str, *, name: str) -> tuple[Example, ...]:
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    examples = [_example(line, number=number, name=name) for number, line in lines]
    if len({example.id for example in examples}) < len(examples):
        raise UsageError(f"Two examples of {name} have the same id.", next_step="Give each an id of its own.")
    if len(examples) < LEAST:
        raise UsageError(
            f"{name} has {len(examples)} examples; {LEAST} are the fewest.",
            next_step="Add some: a part is learned from, a part selects, and a part is held out.",
        )
    return tuple(examples)


def _example(line: str, *, number: int, name: str) -> Example:
    try:
        row = json.loads(line)
        return Example(id=str(row["id"]), given=dict(row["given"]), expected=row["expected"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UsageError(
            f"Line {number} of {name} is no example ({error}).",
            next_step='Write one as {"id": "1", "given": {"user": "..."}, "expected": "..."}.',
        ) from error


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, Sequence):
        return [text for item in value for text in _texts(item)]
    return []
