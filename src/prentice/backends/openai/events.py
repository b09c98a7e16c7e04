"""The stream of an OpenAI-compatible server: bytes in any portions in, the documents' texts out, within a bound."""

from dataclasses import dataclass
from typing import Final

from prentice.backends.ndjson import LineSplitter

DONE: Final = b"[DONE]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line that carries something; `failed` tells that the server announced it as an error."""

    data: bytes
    failed: bool = False


class EventReader:
    """Reads server-sent events as these servers write them.

    Each `data:` line is a document of its own, whether or not a blank line follows. Comments, which servers send to
    keep a connection alive, and unknown fields are passed over. A line that begins with `{` is taken as a document:
    servers that fail write one without its `data:`.
    """

    def __init__(self) -> None:
        self._lines = LineSplitter()
        self._name = b""

    def feed(self, data: bytes) -> list[Event]:
        """Give the events that these bytes complete.

        Raises:
            LineTooLongError: a line is longer than any document.
        """
        return self._events(self._lines.feed(data.replace(b"\r", b"\n")))

    def finish(self) -> list[Event]:
        """Give the last event if the stream ended within its line."""
        return self._events(self._lines.finish())

    def _events(self, lines: list[bytes]) -> list[Event]:
        return [event for line in lines if (event := self._event(line)) is not None]

    def _event(self, line: bytes) -> Event | None:
        line = line.removeprefix(b"\xef\xbb\xbf")
        if line.startswith(b"{"):
            return Event(data=line)
        field, _, value = line.partition(b":")
        value = value.strip()
        if field == b"event":
            self._name = value
        elif field == b"data":
            failed, self._name = self._name == b"error", b""
            return Event(data=value, failed=failed)
        elif field == b"error":
            return Event(data=value, failed=True)
        return None
