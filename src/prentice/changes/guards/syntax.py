"""Files that were valid and would no longer be; new files that are not."""

import json
import tomllib
from collections.abc import Callable, Iterator
from typing import Final

from prentice.changes.guards.objection import Objection, Policy, View
from prentice.changes.symbols import grammar, python
from prentice.changes.symbols.table import language_of
from prentice.changes.text import Text

MAX_LETTERS: Final = 2_000_000


def new_errors(view: View, policy: Policy) -> Iterator[Objection]:
    """Object to syntax errors that the change brings in; those that were there before do not count."""
    del policy
    if view.file.after is None:
        return
    count = _counter(view.path)
    if count is None or sum(map(len, view.new.lines)) > MAX_LETTERS:
        return
    after = count(view.new)
    if not after:
        return
    had_text = view.file.before is not None and bool(view.old.lines)
    before = (count(view.old) if had_text else 0) or 0
    if after > before:
        yield view.object("syntax", "refuse", "The file would have syntax errors that it does not have now.")


def _counter(path: str) -> Callable[[Text], int | None] | None:
    """Give what counts a file's errors; 1 stands for any number where the parser stops at the first."""
    language = language_of(path)
    if language == "python":
        return lambda text: int(python.parse("\n".join(text.lines) + "\n") is None)
    if language:
        return lambda text: (
            None if (root := grammar.root_of(text.lines, language=language)) is None else grammar.count_errors(root)
        )
    if path.endswith(".json"):
        return lambda text: _fails(json.loads, "\n".join(text.lines))
    if path.endswith(".toml"):
        return lambda text: _fails(tomllib.loads, "\n".join(text.lines))
    return None


def _fails(parse: Callable[[str], object], source: str) -> int:
    try:
        parse(source)
    except (ValueError, RecursionError):
        return 1
    return 0
