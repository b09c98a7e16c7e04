"""The style that a Todo2 file is written in: indentation, line ends, the space after a colon, escapes.

Three styles cover every public file known: the extension's own, Python's and Go's default encoders.
"""

import re
from dataclasses import dataclass
from typing import Final

from prentice.tasks.exact_json import Json, dumps

_ESCAPES: Final = re.compile(r"(\\+)u(?!00[0-7])")
"""What may be an escaped character beyond ASCII: it is one after an odd number of backslashes."""
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a file is written: what new values have to look like beside the old ones."""

    indent: str = "  "
    newline: str = "\n"
    colon: str = ": "
    ascii: bool = False
    """Non-ASCII characters stand as `\\uXXXX` (Python's default encoder)."""
    html: bool = False
    """`&`, `<`, `>`, U+2028 and U+2029 stand as `\\uXXXX` (Go's encoder)."""

    @classmethod
    def of(cls, text: str) -> "Style":
        """Read the style off a file's text."""
        first = re.match(r'[ \t\n\r]*\{(?:(\r?\n)([ \t]*))?"', text)
        colon = re.search(r'"[ \t]*(:[ \t]*)', text)
        escapes = "\\u" in text  # most files have none, and this is asked at every change
        html = escapes and bool(re.search(r"\\u00(?:26|3[ce])", text)) and not re.search(r"[&<>]", text)
        return cls(
            indent=(first[2] or "") if first else "  ",
            newline=(first[1] or "") if first else "\n",
            colon=colon[1] if colon else ": ",
            ascii=escapes and text.isascii() and any(len(found[1]) % 2 for found in _ESCAPES.finditer(text)),
            html=html,
        )

    def encode(self, value: Json, *, depth: int) -> str:
        """Write a new value that stands at a nesting depth (0 is the whole file)."""
        flat = not self.newline
        text = dumps(
            value,
            indent=None if flat else self.indent,
            ensure_ascii=self.ascii,
            separators=("," + self.space if flat else ",", self.colon),
        )
        if not flat:
            text = text.replace("\n", self.newline + self.indent * depth)
        if self.html:
            text = re.sub("[&<>\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", text)
        return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)

    @property
    def space(self) -> str:
        """What stands between a comma and a next value on the same line."""
        return " " if self.colon.endswith(" ") else ""

    def gap(self, depth: int) -> str:
        """Give what stands before a member or element at a nesting depth."""
        return self.newline + self.indent * depth if self.newline else ""
