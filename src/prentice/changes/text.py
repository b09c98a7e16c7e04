"""The text of a file as lines, and back to the same bytes: byte order mark, encoding, line endings, final newline."""

import codecs
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from operator import add
from typing import Final

_BREAK: Final = re.compile(r"\r\n|\n|\r")
_CODING: Final = re.compile(rb"^[ \t\f]*#[^\n\r]{0,200}?coding[:=][ \t]*([-\w.]{1,40})")
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_EXACT: Final = frozenset({"utf-8", "latin-1"})
"""Encodings in which no two texts have the same bytes and no two byte strings are the same text."""
UNDECLARED: Final = "latin-1"
"""Stands in for an encoding that nobody names: every byte is a character and comes back as the same byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A file's text. `endings` holds what ends each line; the last is empty where the file has no final newline."""

    lines: tuple[str, ...]
    endings: tuple[str, ...]
    encoding: str = "utf-8"
    mark: bytes = b""
    declared: bool = True

    @property
    def ending(self) -> str:
        """The line ending that occurs most, a line feed where there is none; of two as frequent, the first."""
        counts = Counter(ending for ending in self.endings if ending)
        return max(counts, key=lambda ending: counts[ending]) if counts else "\n"

    @property
    def has_final_newline(self) -> bool:
        """Whether the last line is ended; an empty file counts as such, so that text written into it is too."""
        return not self.endings or bool(self.endings[-1])

    def encode(self) -> bytes:
        """Give the file's bytes.

        Raises:
            UnicodeEncodeError: a character does not exist in the file's encoding.
        """
        return self.mark + "".join(map(add, self.lines, self.endings)).encode(self.encoding)


def decode(content: bytes) -> Text | None:
    """Read a file's bytes, None for what is no text (NUL bytes, broken UTF-16).

    UTF-8 unless the bytes say otherwise: by a byte order mark, or by a line `coding:` among the first two (PEP 263).
    Bytes that are not UTF-8 and declare nothing are read one character a byte, with `declared` false.
    """
    mark, encoding = next(((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", "utf-8"))
    body = content[len(mark) :]
    declared = True
    if not mark and (name := _declared_encoding(body)):
        encoding = name
    try:
        written = body.decode(encoding)
    except UnicodeDecodeError:
        if mark:
            return None
        encoding, declared = UNDECLARED, False
        written = body.decode(encoding)
    if "\0" in written:
        return None
    lines, endings = split(written)
    text = Text(lines=lines, endings=endings, encoding=encoding, mark=mark, declared=declared)
    return text if encoding in _EXACT or text.encode() == content else None


def split(written: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    r"""Give lines and their endings (`\n`, `\r\n` or `\r`); no other character ends a line."""
    if "\r" not in written:
        lines = written.split("\n")
        endings = ["\n"] * (len(lines) - 1)
    else:
        lines = _BREAK.split(written)
        endings = _BREAK.findall(written)
    if lines[-1]:
        endings.append("")
    else:
        lines.pop()
    return tuple(lines), tuple(endings)


def reply_lines(reply: str) -> list[str]:
    """Give a reply's lines without their endings."""
    lines, _ = split(reply)
    return list(lines)


def written_like(
    text: Text, lines: Sequence[str], endings: Sequence[str], *, final_newline: bool | None = None
) -> Text:
    """Give new lines as a text of the same file: all are ended, the last as the old last one or as told."""
    ended = [ending or text.ending for ending in endings]
    if ended and not (text.has_final_newline if final_newline is None else final_newline):
        ended[-1] = ""
    return Text(
        lines=tuple(lines), endings=tuple(ended), encoding=text.encoding, mark=text.mark, declared=text.declared
    )


def _declared_encoding(body: bytes) -> str | None:
    """Give the encoding that one of the first two lines declares and the bytes agree with."""
    for line in body.split(b"\n", 2)[:2]:
        if match := _CODING.match(line):
            name = match[1].decode("ascii")
            try:
                return name if body.decode(name).encode(name) == body else None
            except (LookupError, UnicodeError):
                return None
    return None
