"""What becomes of a reply's characters on their way out: stop sequences end them, thinking is set apart."""

from collections.abc import Sequence
from typing import Final, Literal

from prentice.backends.protocol import Piece

_OPENINGS: Final = ("<think>", "<thinking>")
_CLOSINGS: Final = {"<think>": "</think>", "<thinking>": "</thinking>"}


class StopText:
    """Lets text through up to the stop sequence that is complete first; what could begin one is held back."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.stopped = False

    def add(self, text: str) -> str:
        """Take in text, and give what is certainly in front of any stop sequence."""
        if self.stopped:
            return ""
        text = self._held + text
        found = [(at + len(stop), at) for stop in self._stops if (at := text.find(stop)) >= 0]
        if found:
            self.stopped, self._held = True, ""
            return text[: min(found)[1]]
        keep = _beginning_of(text, self._stops)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def finish(self) -> str:
        """Give what was held back for a stop sequence that did not come."""
        held, self._held = self._held, ""
        return held


class Thinking:
    """Splits a reply into what the model thinks aloud at its beginning, and what it answers."""

    def __init__(self, *, opened: str = "", possible: bool = True) -> None:
        """Begin; `opened` is the mark with which the prompt has opened a thought already."""
        self._closing = _CLOSINGS.get(opened, "")
        self._state: Literal["start", "thinking", "between", "answer"]
        self._state = "thinking" if self._closing else "start" if possible else "answer"
        self._held = ""

    def add(self, text: str) -> list[Piece]:
        """Take in text, and give what can be told of it."""
        self._held += text
        if self._state == "start":
            self._begin()
        thought = self._thought() if self._state == "thinking" else ""
        if self._state == "between":
            self._held = self._held.lstrip()
            self._state = "answer" if self._held else "between"
        answer = self._taken() if self._state == "answer" else ""
        return [*_pieces(thought, thinking=True), *_pieces(answer)]

    def finish(self) -> list[Piece]:
        """Give what was held back."""
        return _pieces(self._taken(), thinking=self._state == "thinking")

    def _begin(self) -> None:
        start = self._held.lstrip()
        for opening in _OPENINGS:
            if start.startswith(opening):
                self._state, self._closing, self._held = "thinking", _CLOSINGS[opening], start[len(opening) :]
                return
        if not any(opening.startswith(start) for opening in _OPENINGS):
            self._state = "answer"

    def _thought(self) -> str:
        thought, mark, rest = self._held.partition(self._closing)
        if mark:
            self._state, self._held = "between", rest
            return thought
        keep = _beginning_of(self._held, (self._closing,))
        thought, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return thought

    def _taken(self) -> str:
        text, self._held = self._held, ""
        return text


def opened_thought(prompt: str) -> str:
    """Give the mark with which a prompt opens a thought for the model to go on with; empty if it does not."""
    end = prompt.rstrip()
    return next((opening for opening in _OPENINGS if end.endswith(opening)), "")


def _beginning_of(text: str, marks: Sequence[str]) -> int:
    """Count the characters at the end of a text that could be the beginning of a mark."""
    longest = max((len(mark) for mark in marks), default=1) - 1
    for length in range(min(longest, len(text)), 0, -1):
        if any(mark.startswith(text[-length:]) for mark in marks):
            return length
    return 0


def _pieces(text: str, *, thinking: bool = False) -> list[Piece]:
    return [Piece(text=text, thinking=thinking)] if text else []
