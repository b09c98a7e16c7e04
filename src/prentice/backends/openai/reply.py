"""One reply of `/chat/completions`, put together from the documents of its stream, and kept from never ending."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from prentice.backends.json_values import measured, whole_characters
from prentice.backends.ndjson import json_object
from prentice.backends.openai import errors
from prentice.backends.openai.events import DONE, Event
from prentice.backends.protocol import FinishReason, Piece

_STOPPED: Final = frozenset({"stop", "eos", "eos_token", "end_turn", "stop_sequence"})
_CUT: Final = frozenset({"length", "max_tokens", "model_length"})
_BLANKS_WITH_SCHEMA: Final = 200
"""White space in a row after which a constrained reply counts as run away: grammars allow it without end."""
_BLANKS_IN_TEXT: Final = 2000
_CHARACTERS_PER_TOKEN: Final = 32  # far above any text; servers that ignore `max_tokens` are stopped by it


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the stream ended. Counts are None where the server gave none."""

    finish: FinishReason
    prompt_tokens: int | None = None
    reply_tokens: int | None = None
    cached_tokens: int | None = None


class ReplyReader:
    """Takes the stream's events in; gives pieces, and in the end an `Ending`."""

    def __init__(
        self, *, asked: errors.Asked, max_tokens: int, constrained: bool, hide: Callable[[str], str] = str
    ) -> None:
        """Begin; `hide` takes out of a server's message what must not be shown."""
        self._asked, self._hide = asked, hide
        self._max_pieces = 2 * max_tokens + 64
        self._max_characters = _CHARACTERS_PER_TOKEN * max_tokens + 4096
        self._max_blanks = _BLANKS_WITH_SCHEMA if constrained else _BLANKS_IN_TEXT
        self._parts: list[str] = []
        self._documents = self._characters = self._blanks = 0
        self._finish: FinishReason | None = None
        self._usage: Mapping[str, object] = {}
        self.thought = False
        """Whether the model sent thinking."""
        self.done = False
        """Whether nothing more can come."""

    @property
    def text(self) -> str:
        """The reply's text so far, thinking left out."""
        return whole_characters("".join(self._parts))

    @property
    def finished(self) -> bool:
        """Whether the model has ended its reply; counts may still follow."""
        return self._finish is not None

    def take(self, event: Event) -> list[Piece]:
        """Take in an event, and give the pieces it carries.

        Raises:
            BackendError: it reports a failure, is no document of a reply, or ends the reply in a way that has no text.
        """
        if event.data == DONE:
            self.done = True
            return []
        document = self._document(event)
        if isinstance(usage := document.get("usage"), dict):
            self._usage = usage
        choices = document.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else {}
        if not isinstance(choice, dict):
            raise errors.broken_off("a piece of it is not in OpenAI's form")
        pieces = self._pieces(choice)
        self._note_finish(choice.get("finish_reason"))
        if not self.finished:
            self._note_excess()
        return pieces

    def ending(self) -> Ending:
        """Give the ending of the stream.

        Raises:
            BackendError: the stream ended before the reply did.
        """
        if self._finish is None:
            raise errors.broken_off("it ended without saying so")
        details = self._usage.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, dict) else None
        return Ending(
            finish=self._finish,
            prompt_tokens=measured(self._usage.get("prompt_tokens")),
            reply_tokens=measured(self._usage.get("completion_tokens")),
            cached_tokens=0 if cached == 0 else measured(cached),
        )

    def _document(self, event: Event) -> dict[str, object]:
        document = json_object(event.data)
        self._documents += 1
        text = errors.error_text(document) if document is not None else None
        if text is not None or event.failed:
            said = self._hide(text or errors.plain(event.data))
            raise errors.reported(said, asked=self._asked, document=document)
        if document is None or not document.keys() & {"choices", "usage"}:
            if self._documents == 1:
                raise errors.wrong_server(self._asked.url, path=self._asked.path, body=event.data)
            raise errors.broken_off("a piece of it is not in OpenAI's form")
        return document

    def _pieces(self, choice: Mapping[str, object]) -> list[Piece]:
        delta = choice.get("delta") or choice.get("message") or {}
        if not isinstance(delta, dict):
            raise errors.broken_off("a piece of it is not in OpenAI's form")
        thinking = _text(delta.get("reasoning_content")) or _text(delta.get("reasoning"))
        pieces = [Piece(text=whole_characters(thinking), thinking=True)] if thinking else []
        if text := _text(delta.get("content")):
            pieces.append(Piece(text=whole_characters(text)))
            self._parts.append(text)
            solid = text.rstrip()
            self._blanks = len(text) - len(solid) + (0 if solid else self._blanks)
        self.thought = self.thought or bool(thinking)
        self._characters += len(text) + len(thinking)
        return pieces

    def _note_finish(self, reason: object) -> None:
        if reason is None or reason == "":
            return
        name = str(reason).casefold()
        if name in _STOPPED:
            self._finish = "stop"
        elif name in _CUT:
            self._finish = "length"
        elif name in {"tool_calls", "function_call"}:
            raise errors.broken_off("the model called a tool, and none was offered")
        else:
            raise errors.broken_off(f"the server ended it for the reason {errors.short(name)!r}")

    def _note_excess(self) -> None:
        if self._blanks > self._max_blanks:
            self._finish, self.done = "repetition", True
        elif self._documents > self._max_pieces or self._characters > self._max_characters:
            self._finish, self.done = "length", True


def _text(value: object) -> str:
    """Read a content: a text, or a list of parts of which those with text count."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, dict) for part in value):
        return "".join(part["text"] for part in value if isinstance(part.get("text"), str))
    raise errors.broken_off("the content of a piece is no text")
