"""Files that a text names outright: paths, links to a line of code, frames of a stack trace, dotted module names."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from prentice.context import mentions

MAX_MATCHES: Final = 4
"""A written name that fits more files than these names none of them."""
_FRAME: Final = re.compile(
    r"File \"([^\"\n]+)\", line \d+(?:, in \S+)?"  # Python
    r"|^\s*at (?:.*?\()?([^\s()]+?):\d+(?::\d+)?\)?$"  # JavaScript, Java
    r"|^\s*([\w./\\-]+\.(?:go|rs|py|c|cc|cpp|rb)):\d+\b",  # Go, Rust, compilers, pytest
    re.MULTILINE,
)
_LINK: Final = re.compile(r"https?://\S{1,200}?/(?:blob|tree|raw|blame)/[^/\s]{1,100}/([^\s#?()\[\]<>\"'`]{1,300})")
_DOTTED: Final = re.compile(r"(?<![\w./@-])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*){1,8}")
_FROM: Final = re.compile(r"\bfrom[ \t]+([\w.]+)[ \t]+import[ \t]+\(?([\w, \t]+)")
_SOURCE_ROOTS: Final = ("", "src/", "lib/", "python/")

PATH, LINK, FRAME, MODULE = 1.0, 1.0, 1.0, 0.5


def named_files(text: str, paths: Collection[str]) -> dict[str, tuple[float, str]]:
    """Map each file that a text names to how surely it is meant (0 to 1) and the words that say so.

    Of a stack trace the last frame in the project counts most, each one before it less.
    """
    names = _Names(paths)
    found: dict[str, tuple[float, str]] = {}

    def note(path: str, weight: float, reason: str) -> None:
        if weight > found.get(path, (0.0, ""))[0]:
            found[path] = (weight, reason)

    for written in mentions.paths(_FRAME.sub(" ", text)):
        fitting = names.ending_in(written)
        for path in fitting:
            note(path, PATH / len(fitting), f"the text names {written}")
    for match in _LINK.finditer(text):
        for path in names.ending_in(match[1]):
            note(path, LINK, "the text links to it")
    for weight, written in _frames(text, names):
        note(written, weight, "it is in the stack trace")
    for written in _modules(text):
        for path, share in names.module(written):
            note(path, MODULE * share, f"the text names {written}")
    return found


def _frames(text: str, names: "_Names") -> Iterator[tuple[float, str]]:
    """Give the files of stack frames, the last with the most weight."""
    weight = FRAME
    for match in reversed([*_FRAME.finditer(text)]):
        fitting = names.ending_in(next(group for group in match.groups() if group))
        if len(fitting) == 1:
            yield weight, fitting[0]
            weight *= 0.9


def _modules(text: str) -> Iterator[str]:
    for match in _FROM.finditer(text):
        for name in match[2].split(","):
            yield f"{match[1]}.{name.split()[0]}" if name.split() else match[1]
    for match in _DOTTED.finditer(text):
        yield match[0]


class _Names:
    """The files of a project by the last part of their path."""

    def __init__(self, paths: Collection[str]) -> None:
        self._paths = frozenset(paths)
        self._by_name: Mapping[str, list[str]] = defaultdict(list)
        for path in paths:
            self._by_name[path.rpartition("/")[2].lower()].append(path)

    def ending_in(self, written: str) -> list[str]:
        """Give the files that a written path fits: those whose path shares the most last parts with it.

        A path of another machine (`/usr/lib/.../package/module.py`) fits by its end.
        """
        parts = [part for part in re.split(r"[/\\]", written) if part not in {"", ".", ".."}]
        if not parts:
            return []
        shared = {path: _shared(path.split("/"), parts) for path in self._by_name.get(parts[-1].lower(), ())}
        best = max(shared.values(), default=0)
        is_foreign = written.startswith(("/", "~")) or ":" in written[:3] or "site-packages" in parts
        if best < len(parts) and (not is_foreign or best < 2):
            return []
        fitting = [path for path, count in shared.items() if count == best]
        return sorted(fitting) if len(fitting) <= MAX_MATCHES else []

    def module(self, written: str) -> list[tuple[str, float]]:
        """Give the files of a dotted module name, with the share of the name that they stand for."""
        parts = written.split(".")
        for length in range(len(parts), 0, -1):
            place = "/".join(parts[:length])
            for root in _SOURCE_ROOTS:
                for path in (f"{root}{place}.py", f"{root}{place}/__init__.py"):
                    if path in self._paths:
                        is_package = path.endswith("__init__.py")
                        return [(path, (0.3 if is_package else 1.0) * min(1.0, (length - 1) / 2))]
        return []


def _shared(path: list[str], written: list[str]) -> int:
    count = 0
    for mine, theirs in zip(reversed(path), reversed(written), strict=False):
        if mine.lower() != theirs.lower():
            break
        count += 1
    return count
