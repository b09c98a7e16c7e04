"""Messages of linters, type checkers, compilers and formatters, by file and without line numbers, which edits move."""

import re
from collections.abc import Iterator
from typing import Final

from prentice.workspace.checks.reading import Reading

_AT: Final = re.compile(
    r"^(?P<path>[^\s:()][^:()\n]*?)(?::\d+(?::\d+)?(?: - |:\s*)|\(\d+(?:,\d+)?\):\s*)(?P<says>\S.*)$"
)
"""`path:1:2: says`, `path:1: says`, `path:1:2 - says` (Pyright), `path(1,2): says` (tsc)."""
_STYLISH: Final = re.compile(r"^\s+\d+:\d+\s+(?P<says>(?:error|warning)\s+\S.*)$")
"""Eslint's own format: the path on a line, its messages indented below."""
_PATH: Final = re.compile(r"^(?:\S*/)?[^\s/:]+\.\w+$")
_FORMATTER: Final = re.compile(
    r"^(?:would reformat|Would reformat:|unformatted:|Diff in) (?P<path>\S+?)(?:\s.*|:\d+:?)?$"
)
_COMPILER: Final = re.compile(r"^(?:error|warning)(?:\[[\w:]+\])?: .*$")
_NOTES: Final = re.compile(r"^\s*(?:note|help|hint|info)\b", re.IGNORECASE)
_SUMMARY: Final = re.compile(r"generated \d+ warning|could not compile|aborting due to|\d+ (?:problems?|errors?)\b")


def diagnostics(printed: bytes) -> Reading | None:
    """Read messages in any of the usual forms; None where there are none."""
    found = tuple(_messages(printed.decode(errors="replace")))
    return Reading(failures=found) if found else None


def listed_files(printed: bytes) -> Reading | None:
    """Read a plain list of files that are not as they should be (`gofmt -l`)."""
    lines = [line.strip() for line in printed.decode(errors="replace").splitlines() if line.strip()]
    return Reading(failures=tuple(f"{line}: not formatted" for line in lines)) if lines else None


def _messages(text: str) -> Iterator[str]:
    path = ""
    for line in text.splitlines():
        if match := _STYLISH.match(line):
            yield f"{path}: {' '.join(match['says'].split())}"
        elif match := _FORMATTER.match(line):
            yield f"{match['path']}: not formatted"
        elif (match := _AT.match(line)) and not _NOTES.match(match["says"]):
            yield f"{match['path']}: {match['says'].strip()}"
        elif _COMPILER.match(line) and not _SUMMARY.search(line):
            yield line.strip()
        elif _PATH.match(line.strip()):
            path = line.strip()
