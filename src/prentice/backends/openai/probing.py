"""Whether a server holds a model's replies to a schema: found out by asking, once, and remembered.

A model is told to say one word, and held, so we ask, to a schema that knows another: only a server that enforces the
schema gives the latter. What the server is called, and whether it answers with status 200, tells nothing.
"""

import asyncio
import re
from collections import defaultdict
from contextlib import aclosing
from typing import Final, Literal, TypeAlias
from weakref import WeakKeyDictionary

from prentice.backends.openai.conversation import Conversation, RefusedError
from prentice.backends.openai.dialects import ENFORCED, Dialect, dialect_named
from prentice.backends.openai.errors import Asked
from prentice.backends.openai.findings import Findings
from prentice.backends.openai.request import chat_body
from prentice.backends.patience import Patience
from prentice.backends.protocol import Message, Request, Sampling
from prentice.errors import StreamError

Verdict: TypeAlias = Literal["held", "ignored", "open"]
"""What a text shows so far: the server holds it to the schema, or does not, or more is needed."""

Outcome: TypeAlias = Literal["held", "ignored", "failed", "thinking"]
"""What came of one way of asking; `failed` by the server's fault, `thinking` without an answer."""

PROBE_TOKENS: Final = 48
THINKING_TOKENS: Final = 4096
"""The limit for a model that used the first one up with thinking."""

_WANTED: Final = '{"q7k":"v3x"}'
_PROOF: Final = '{"q7k"'  # nothing in the prompt leads to this key
_BLANKS: Final = re.compile(r"\s+")


class Prober:
    """Finds out how each model of one server takes a schema; calls that want to know it wait for one probe."""

    def __init__(self, conversation: Conversation, *, url: str, findings: Findings) -> None:
        self._conversation, self._url, self._findings = conversation, url, findings
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, defaultdict[str, asyncio.Lock]] = WeakKeyDictionary()

    async def dialect(self, model: str, *, idle: float, patience: Patience, version: str = "") -> Dialect:
        """Give the way in which a model takes a schema: remembered of this version of the server, or found out now.

        Raises:
            BackendError: the server cannot be asked.
        """
        lock = self._locks.setdefault(asyncio.get_running_loop(), defaultdict(asyncio.Lock))[model]
        await patience.wait(lock.acquire())
        try:
            known = self.known(model, version=version)
            return known or await self._found_out(model, idle=idle, patience=patience, version=version)
        finally:
            lock.release()

    def known(self, model: str, *, version: str = "") -> Dialect | None:
        """Give what was found of a model under this version of the server; None where nothing was, or too long ago."""
        return dialect_named(self._findings.recall(self._server(version), model))

    def forget(self, model: str, *, version: str = "") -> None:
        """Drop what was found of a model: a reply showed that it is so no more."""
        self._findings.forget(self._server(version), model)

    def _server(self, version: str) -> str:
        return f"{self._url} {version}".rstrip()

    async def _found_out(self, model: str, *, idle: float, patience: Patience, version: str) -> Dialect:
        outcomes = set()
        for dialect in ENFORCED:
            outcome = await self._probe(dialect, model, idle=idle, patience=patience)
            outcomes.add(outcome)
            if outcome == "held":
                self._findings.remember(self._server(version), model, dialect)
                return dialect
            if outcome == "thinking":  # the next way would end like this one
                break
        if outcomes != {"failed"}:  # nothing was found out then, only that the server fails
            self._findings.remember(self._server(version), model, "prompt")
        return "prompt"

    async def _probe(self, dialect: Dialect, model: str, *, idle: float, patience: Patience) -> Outcome:
        left = patience.left()
        own = Patience(load=left, idle=idle, deadline=left, model=model)
        asked = Asked(url=self._url, model=model)
        for limit in (PROBE_TOKENS, THINKING_TOKENS):
            probe = probe_request(model)
            body = chat_body(
                probe, probe.messages, dialect=dialect, max_tokens=limit, left_out=self._conversation.left_out
            )
            reader = self._conversation.reader(asked=asked, max_tokens=limit, constrained=True)
            answers = self._conversation.pieces(body, reader, asked=asked, patience=own)
            try:
                async with aclosing(answers) as items:
                    async for _ in items:
                        if (verdict := judged(reader.text)) != "open":
                            return verdict
            except RefusedError as refused:
                if not refused.is_of_the_request:
                    raise refused.error from None
                return "ignored" if refused.status < 500 else "failed"
            except StreamError:
                return "failed"
            if reader.text or not reader.thought:
                return "ignored"
        return "thinking"


def probe_request(model: str) -> Request:
    """Make the request that tells whether a schema is enforced."""
    return Request(
        purpose="probe",
        model=model,
        messages=(Message(role="user", content="Answer with the one word hello. Write no JSON and no brackets."),),
        schema={
            "type": "object",
            "properties": {"q7k": {"type": "string", "enum": ["v3x"]}},
            "required": ["q7k"],
            "additionalProperties": False,
        },
        sampling=Sampling(temperature=0.0),
    )


def judged(text: str) -> Verdict:
    """Judge what has come of the answer to a probe."""
    compact = _BLANKS.sub("", text)
    if compact.startswith(_PROOF) and _WANTED.startswith(compact[: len(_WANTED)]):
        return "held"
    return "open" if _WANTED.startswith(compact) else "ignored"
