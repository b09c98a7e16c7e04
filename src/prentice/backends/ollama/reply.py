"""One reply of Ollama's `/api/chat`, put together from the lines of its stream, and kept from never ending."""

from dataclasses import dataclass
from typing import Final

from prentice.backends.json_values import measured, whole_characters
from prentice.backends.ndjson import json_object
from prentice.backends.ollama.errors import broken_off, error_text, reported, wrong_server
from prentice.backends.protocol import FinishReason, Piece
from prentice.errors import BackendError

_BLANKS_WITH_SCHEMA: Final = 200
"""White space in a row after which a constrained reply counts as run away: grammars allow it without end."""
_BLANKS_IN_TEXT: Final = 2000
_SERVERS_REPEATS: Final = 30
"""Equal pieces after which Ollama stops a model: it ends the stream without a last line (`llm/server.go`, v0.24.0)."""
_CHARACTERS_PER_TOKEN: Final = 32  # far above any text; servers that ignore `num_predict` are stopped by it


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the stream ended. Counts are None where the server gave none; times are in seconds.

    `queued` is how long the request stood in line at the server after the model was loaded, `worked` how long reading
    the prompt and writing the reply took.
    """

    finish: FinishReason
    prompt_tokens: int | None = None
    reply_tokens: int | None = None
    load: float = 0.0
    queued: float | None = None
    worked: float | None = None


class ReplyReader:
    """Takes the stream's lines in; gives pieces, and in the end an `Ending`."""

    def __init__(self, *, model: str, url: str, max_tokens: int, constrained: bool, window: int, prompt: int) -> None:
        self._model, self._url, self._window, self._prompt = model, url, window, prompt
        self._max_pieces = 2 * max_tokens + 64
        self._max_characters = _CHARACTERS_PER_TOKEN * max_tokens + 4096
        self._max_blanks = _BLANKS_WITH_SCHEMA if constrained else _BLANKS_IN_TEXT
        self._parts: list[str] = []
        self._lines = self._characters = self._blanks = self._repeats = 0
        self._last = ""

    @property
    def text(self) -> str:
        """The reply's text so far, thinking left out."""
        return whole_characters("".join(self._parts))

    def document(self, line: bytes) -> dict[str, object]:
        """Read one line.

        Raises:
            BackendError: the line reports a failure, is no JSON object, or is not in the shape of Ollama's.
        """
        document = json_object(line)
        self._lines += 1
        if document is not None and "error" in document:
            text = error_text(line) or "without a reason"
            raise reported(text, model=self._model, window=self._window, prompt=self._prompt)
        if document is None or not (isinstance(document.get("message"), dict) or document.get("done") is True):
            raise self._not_ours(line)
        return document

    def take(self, document: dict[str, object]) -> list[Piece]:
        """Take in a line, and give the pieces it carries.

        Raises:
            BackendError: the pieces are not text.
        """
        message = document.get("message")
        message = message if isinstance(message, dict) else {}
        pieces = []
        for key in ("thinking", "content"):
            text = message.get(key) or ""
            if not isinstance(text, str):
                raise broken_off(f"the {key} of a piece is no text")
            if text:
                pieces.append(Piece(text=whole_characters(text), thinking=key == "thinking"))
                self._count(text, thinking=key == "thinking")
        return pieces

    def ending(self, document: dict[str, object]) -> Ending | None:
        """Give the ending, if this line is the last or the reply has passed what a reply can be."""
        if document.get("done") is True:
            load, total = _seconds(document.get("load_duration")), _seconds(document.get("total_duration"))
            worked = _seconds(document.get("prompt_eval_duration")) + _seconds(document.get("eval_duration"))
            return Ending(
                finish="length" if document.get("done_reason") == "length" else "stop",
                prompt_tokens=measured(document.get("prompt_eval_count")),
                reply_tokens=measured(document.get("eval_count")),
                load=load,
                queued=max(0.0, total - load - worked) if total and worked else None,
                worked=worked or None,
            )
        if self._blanks > self._max_blanks:
            return Ending(finish="repetition")
        if self._lines > self._max_pieces or self._characters > self._max_characters:
            return Ending(finish="length")
        return None

    def unfinished(self) -> Ending:
        """Give the ending of a stream that ended, in good order, without a last line.

        Raises:
            BackendError: it does not bear the mark of a model that was stopped because it repeated itself.
        """
        if self._repeats < _SERVERS_REPEATS:
            raise broken_off("it ended without saying so")
        return Ending(finish="repetition")

    def _count(self, text: str, *, thinking: bool) -> None:
        self._characters += len(text)
        if not thinking:
            self._parts.append(text)
        bare = text.strip()
        self._repeats = self._repeats + 1 if bare == self._last else 1
        self._last = bare
        solid = text.rstrip()
        self._blanks = len(text) - len(solid) + (0 if solid else self._blanks)

    def _not_ours(self, line: bytes) -> BackendError:
        if self._lines == 1:
            return wrong_server(self._url, path="/api/chat", body=line)
        return broken_off("a line of it is not in the shape of Ollama's")


def _seconds(value: object) -> float:
    """Read a duration, which the server gives in nanoseconds."""
    return (measured(value) or 0) / 1e9
