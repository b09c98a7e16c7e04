"""The one protocol that every backend speaks.

A `Request` goes in; a stream of `Piece`s comes out, and the last item of the stream is the `Reply`. Closing the
stream's iterator, or cancelling the task that reads it, ends the work at the backend too.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Protocol, Self, runtime_checkable

FinishReason = Literal["stop", "length", "repetition"]
"""Why a reply ended: by the model, at its limit of tokens, or stopped because it only repeated itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of the conversation that a model is shown."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How tokens are drawn. None leaves a value to the model's own default."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to a backend.

    `schema` is a JSON Schema that the reply has to satisfy, `max_tokens` the limit of the reply, `context_tokens` the
    size of the context window to ask for (None lets the backend compute it from the prompt and `max_tokens`).
    `deadline` bounds the whole call and `idle` the silence between two pieces, both in seconds.
    `facts` is the same matter as the messages, structured, for the built-in backend, which reads no prose.
    """

    purpose: str
    messages: tuple[Message, ...]
    model: str = ""
    schema: Mapping[str, object] | None = None
    sampling: Sampling = Sampling()
    max_tokens: int = 2048
    context_tokens: int | None = None
    deadline: float = 1800.0
    idle: float = 120.0
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def prompt(self) -> str:
        """All messages as one text, for counting, hashing and matching."""
        return "\n\n".join(message.content for message in self.messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of the reply as it arrives; `thinking` pieces never become part of the reply's text."""

    text: str
    thinking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A finished answer. Token counts are the server's where it gives them, else estimates (`estimated`).

    Times are in seconds: `load` before the prompt was read, `first_token` from the request to the first piece.
    `schema_in_prompt` tells that nothing held the reply to the request's schema: it could only be asked for in words.
    """

    text: str
    backend: str
    model: str
    finish: FinishReason = "stop"
    prompt_tokens: int = 0
    reply_tokens: int = 0
    cached_tokens: int | None = None
    estimated: bool = False
    load: float = 0.0
    first_token: float = 0.0
    total: float = 0.0
    schema_in_prompt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """A model that a backend can serve. `size_bytes` are its weights, `context` its trained window in tokens."""

    name: str
    backend: str
    host: str = ""
    size_bytes: int | None = None
    quantization: str = ""
    context: int | None = None
    capabilities: tuple[str, ...] = ()
    family: str = ""
    digest: str = ""


class Backend(Protocol):
    """A runtime that answers requests. Use as an async context manager; leaving it closes connections."""

    @property
    def name(self) -> str:
        """The name that `--backend` takes."""
        ...

    async def models(self) -> list[ModelInfo]:
        """List what can be served now.

        Raises:
            BackendError: the backend is absent or answers nonsense.
        """
        ...

    def stream(self, request: Request) -> AsyncIterator[Piece | Reply]:
        """Answer a request piece by piece; the last item is the `Reply`.

        Raises:
            BackendError: one class per way to fail, within the request's deadline.
        """
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """What is kept of one call: never the texts, only their digest and sizes. Times in seconds since the epoch."""

    at: float
    purpose: str
    backend: str
    model: str
    prompt_digest: str
    prompt_version: str
    prompt_tokens: int
    reply_tokens: int
    cached_tokens: int | None
    estimated: bool
    load: float
    first_token: float
    total: float
    finish: str
    """A `FinishReason`, or the code of the error that ended the call."""


class Recorder(Protocol):
    """Keeps a record of calls; the ledger implements it, surfaces hand it in."""

    def call(self, record: CallRecord) -> None:
        """Keep one record."""
        ...


@runtime_checkable
class TextKeeper(Protocol):
    """A recorder that may keep what was sent and received, if the user turned that on."""

    def keep_texts(self, *, prompt_digest: str, model: str, prompt: str, reply: str) -> None:
        """Keep the texts of one call."""
        ...
