"""The marks between which a model writes its edits, chosen per request so that no text of the files can be one."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

_LIKE_A_MARK: Final = re.compile(rb"^[ \t]*(?:<{5}|={5}|>{5})", re.MULTILINE)
_FENCE: Final = re.compile(rb"^[ \t]*(`{3,})", re.MULTILINE)
PROSE: Final = frozenset({"", ".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc", ".org", ".html", ".htm"})
"""Suffixes of files in which underlined headings and fenced code are to be expected even where there are none yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Markers:
    """`tag` stands behind each of the three marks of a search/replace block; `fence` opens and closes other text."""

    tag: str = ""
    fence: str = "```"

    @property
    def search(self) -> str:
        """The line before the lines to find."""
        return f"<<<<<<< SEARCH{self._tail}"

    @property
    def divider(self) -> str:
        """The line between the lines to find and those to put in their place."""
        return f"======={self._tail}"

    @property
    def replace(self) -> str:
        """The line behind the lines to put in their place."""
        return f">>>>>>> REPLACE{self._tail}"

    @property
    def _tail(self) -> str:
        return f" {self.tag}" if self.tag else ""


def markers_for(files: Mapping[str, bytes]) -> Markers:
    """Choose marks for files by path: the common ones, or tagged ones where a text has or may get lines like them."""
    contents = list(files.values())
    is_prose = any(is_prose_path(path) for path in files)
    longest = max((len(match[1]) for content in contents for match in _FENCE.finditer(content)), default=0)
    fence = "`" * max(longest + 1, 4 if is_prose else 3)
    if not is_prose and not any(_LIKE_A_MARK.search(content) for content in contents):
        return Markers(fence=fence)
    return Markers(fence=fence, tag=next(tag for tag in _tags(contents) if not _occurs(tag, contents)))


def is_prose_path(path: str) -> bool:
    """Whether a file's text is likely to hold headings, rules and fences of its own."""
    return PurePosixPath(path).suffix.lower() in PROSE


def _tags(contents: list[bytes]) -> Iterator[str]:
    """Give short words, the same for the same files: a model finds two letters and a digit easy to repeat."""
    seed = hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in contents)).digest()
    number = int.from_bytes(seed[:8], "big")
    letters = "bcdfghjkmnpqrtvwxz"
    while True:
        number, first = divmod(number, len(letters))
        number, second = divmod(number, len(letters))
        number, third = divmod(number, 10)
        yield f"{letters[first]}{letters[second]}{third}".upper()
        number = number or int.from_bytes(hashlib.sha256(seed).digest()[:8], "big")
        seed = hashlib.sha256(seed).digest()


def _occurs(tag: str, contents: list[bytes]) -> bool:
    return any(tag.encode() in content for content in contents)
