"""What a piece of work needs of a model: code or prose, room, structure, how soon."""

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["code", "general"]
KINDS: Final[tuple[Kind, ...]] = ("code", "general")

Prefer = Literal["quality", "speed"]
PREFERENCES: Final[tuple[Prefer, ...]] = ("quality", "speed")

_HEADROOM: Final = 1.1
"""Prompts are estimated without a tokenizer; the window is chosen with the same margin (`context_window.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one kind of call needs. Sizes are in tokens, times in seconds.

    `preferred_backend` is the task's own wish, empty for none; `deadline` bounds the whole call.
    """

    purpose: str
    kind: Kind = "general"
    kind_says: str = ""
    """Why it is of this kind, as a part of a sentence."""
    prompt_tokens: int = 1500
    reply_tokens: int = 800
    structured: bool = False
    prefer: Prefer = "quality"
    deadline: float = 1800.0
    preferred_backend: str = ""

    @property
    def window(self) -> int:
        """The tokens that have to fit at once: the prompt with a margin, and a reply twice as long as expected."""
        return round(self.prompt_tokens * _HEADROOM) + 2 * self.reply_tokens

    def document(self) -> dict[str, object]:
        """Give the need as JSON values."""
        return {
            "purpose": self.purpose, "kind": self.kind, "why": self.kind_says, "prompt_tokens": self.prompt_tokens,
            "reply_tokens": self.reply_tokens, "structured": self.structured, "prefer": self.prefer,
            "deadline": self.deadline, "preferred_backend": self.preferred_backend,
        }  # fmt: skip
