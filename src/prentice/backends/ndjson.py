"""Newline-delimited JSON as it arrives: bytes in any portions in, whole lines out, within a bound."""

import json
from typing import Final

MAX_LINE_BYTES: Final = 4_000_000
"""A line carries one piece of a reply, some hundred bytes; this is room for a whole reply in one line."""


class LineTooLongError(ValueError):
    """A line passed the bound without an end."""


class LineSplitter:
    """Cuts a byte stream at line feeds; characters of several bytes and carriage returns may be split anywhere."""

    def __init__(self, *, limit: int = MAX_LINE_BYTES) -> None:
        self._limit = limit
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Give the lines that these bytes complete, without line ends and without blank ones.

        Raises:
            LineTooLongError: a line is longer than the limit.
        """
        *whole, tail = data.split(b"\n")
        lines: list[bytes] = []
        for part in whole:
            self._extend(part)
            lines.append(bytes(self._rest))
            self._rest.clear()
        self._extend(tail)
        return [stripped for line in lines if (stripped := line.strip())]

    def finish(self) -> list[bytes]:
        """Give the last line if the stream ended without a line feed."""
        last = bytes(self._rest).strip()
        self._rest.clear()
        return [last] if last else []

    def _extend(self, part: bytes) -> None:
        if len(self._rest) + len(part) > self._limit:
            raise LineTooLongError(f"a line is longer than {self._limit} bytes")
        self._rest += part


def json_object(data: bytes) -> dict[str, object] | None:
    """Read bytes as one JSON object; None for anything else, however it is broken."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
