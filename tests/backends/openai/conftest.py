"""Servers that play OpenAI's interface: byte for byte (`openai`), or by what they are asked (`playing.py`)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from backends.openai.playing import Playing, serving

if TYPE_CHECKING:
    from backends.conftest import After, Answer, Loopback

CHAT = "/v1/chat/completions"


@dataclass
class OpenAIPlay:
    """What a loopback server has to say in OpenAI's form, as parts to put together."""

    loopback: "Loopback"

    @property
    def url(self) -> str:
        return self.loopback.url

    @property
    def bodies(self) -> list[Any]:
        return self.loopback.bodies(CHAT)

    @staticmethod
    def piece(text: str, **delta: object) -> dict[str, object]:
        return {"choices": [{"index": 0, "delta": {"content": text, **delta}, "finish_reason": None}]}

    @staticmethod
    def end(reason: str = "stop") -> dict[str, object]:
        return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}

    @staticmethod
    def usage(prompt: object = 21, reply: object = 2, **more: object) -> dict[str, object]:
        return {"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": reply, **more}}

    def models(self, *entries: object) -> None:
        self.loopback.says("/v1/models", {"object": "list", "data": list(entries)})

    def streams(self, *items: object, then: "After" = "close", whole: bool = True) -> None:
        """Let the chat give one stream of documents; bytes go out as they are."""
        self.loopback.play(CHAT, self.stream(*items, then=then, whole=whole))

    def stream(self, *items: object, then: "After" = "close", whole: bool = True) -> "Answer":
        lines = [item if isinstance(item, bytes) else f"data: {json.dumps(item)}\n\n".encode() for item in items]
        answer = self.loopback.stream(*lines, then=then, whole=whole)
        return replace(answer, portions=(self.loopback.head(kind="text/event-stream"), *answer.portions[1:]))

    def refuses(self, *answers: tuple[int, object], then: "Answer | None" = None, head: str = "") -> None:
        """Let the chat answer with these, one after another, and then with a stream."""
        refusals = [self._with_head(self.loopback.whole(value, status=status), head) for status, value in answers]
        self.loopback.play(CHAT, *refusals, *([then] if then else []))

    @staticmethod
    def _with_head(answer: "Answer", head: str) -> "Answer":
        line, rest = answer.portions[0].split(b"\r\n", 1)
        return replace(answer, portions=(line + b"\r\n" + (head.encode() + b"\r\n" if head else b"") + rest,))


@pytest.fixture
def openai(loopback: "Loopback") -> OpenAIPlay:
    """A server with one model, `tiny`, that answers `Hello`."""
    play = OpenAIPlay(loopback)
    play.models({"id": "tiny", "object": "model", "max_model_len": 32768})
    play.streams(play.piece("Hel"), play.piece("lo"), play.end(), play.usage(), b"data: [DONE]\n\n")
    return play


@pytest.fixture
def played() -> Iterator[Playing]:
    """A server that holds replies to a schema in OpenAI's form."""
    with serving(Playing()) as playing:
        yield playing


@pytest.fixture(autouse=True)
def _no_servers_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "PRENTICE_OPENAI_KEY"):
        monkeypatch.delenv(name, raising=False)
