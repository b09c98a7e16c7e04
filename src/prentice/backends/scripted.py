"""A backend that plays replies from a file: for tests, demonstrations and the reproduction of faults.

The file holds one JSON object a line:

    {"text": "..."}  or  {"chunks": ["...", "..."]}  or  {"error": "stream_failed"}  or  {"endless": true}

each with an optional `"delay"`, the seconds that the reply takes (spread over its pieces; for an endless one, the time
of each piece), and an optional `"match"`, a part of the prompt that it answers. The first unused line whose `match`
fits is played; otherwise the first unused line without one.

The request's own limits hold as with any model: a prompt that passes the window is refused, and a reply ends before a
stop sequence or at the limit of tokens, estimated as bytes / 3.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from prentice.backends.context_window import (
    BYTES_PER_TOKEN,
    ModelShape,
    TokenRatio,
    choose_window,
    estimate_prompt,
    estimate_tokens,
)
from prentice.backends.patience import Patience
from prentice.backends.protocol import FinishReason, ModelInfo, Piece, Reply, Request
from prentice.errors import BackendError, ConfigError, ScriptExhaustedError

ENDLESS_WORD: Final = "and "

_PLAYS: Final = ("text", "chunks", "error", "endless")
_LONGEST_DELAY: Final = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One reply of the script. `delay` is in seconds; `number` is its line in the file, from 1."""

    number: int
    chunks: tuple[str, ...] = ()
    error: str = ""
    endless: bool = False
    delay: float = 0.0
    match: str | None = None


class ScriptedBackend:
    """Plays the replies of a file, each once. Which are used is remembered in the instance alone."""

    name = "scripted"

    def __init__(self, path: Path | str) -> None:
        """Read the file.

        Raises:
            ConfigError: it cannot be read, or a line of it is no reply; the message names the line.
        """
        self._path = Path(path)
        self._unused = list(_lines(self._path))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open."""

    async def models(self) -> list[ModelInfo]:
        """Give the one model there is."""
        return [ModelInfo(name="scripted", backend=self.name, capabilities=("completion",))]

    async def stream(self, request: Request) -> AsyncIterator[Piece | Reply]:
        """Play the next reply for this prompt.

        Raises:
            PromptTooLongError: the prompt and its reply do not fit the window that the request allows.
            ScriptExhaustedError: no reply is left for it.
            BackendError: the line says so, by its code.
            TimedOutError: the line's delay passes the request's limits.
        """
        choose_window(request, ratio=TokenRatio(), shape=ModelShape())
        line = self._next(request.prompt)
        patience = Patience(load=request.idle, idle=request.idle, deadline=request.deadline, model=self.name)
        first_token = 0.0
        parts: list[str] = []
        pieces, finish = _bounded(_endless(request.max_tokens) if line.endless else line.chunks, request)
        pause = line.delay if line.endless else line.delay / max(1, len(pieces))
        if line.error or not pieces:
            await patience.wait(asyncio.sleep(line.delay))
        if line.error:
            raise _error(line, self._path)
        for text in pieces:
            await patience.wait(asyncio.sleep(pause))
            patience.piece_came()
            first_token = first_token or patience.elapsed
            parts.append(text)
            yield Piece(text=text)
        whole = "".join(parts)
        yield Reply(
            text=whole,
            backend=self.name,
            model=request.model or self.name,
            finish=finish,
            prompt_tokens=estimate_prompt(request.messages),
            reply_tokens=estimate_tokens(whole),
            estimated=True,
            first_token=first_token,
            total=patience.elapsed,
        )

    def _next(self, prompt: str) -> Line:
        fitting = [line for line in self._unused if line.match is not None and line.match in prompt]
        plain = [line for line in self._unused if line.match is None]
        for line in (*fitting, *plain):
            self._unused.remove(line)
            return line
        left = f"; its {len(self._unused)} unused replies match other prompts" if self._unused else ""
        raise ScriptExhaustedError(
            f"The script {self._path} has no reply left for this prompt{left}.",
            next_step=f"Add a line to {self._path}, for example " + '{"text": "..."}.',
        )


def _bounded(chunks: Sequence[str], request: Request) -> tuple[list[str], FinishReason]:
    """Give what is played of a reply: up to the first stop sequence, or to the limit of tokens."""
    whole = "".join(chunks)
    ends = [at for stop in request.sampling.stop if stop and (at := whole.find(stop)) >= 0]
    kept = whole[: min(ends)] if ends else whole
    finish: FinishReason = "stop"
    if estimate_tokens(kept) > request.max_tokens:
        most = kept.encode("utf-8", "surrogatepass")[: request.max_tokens * BYTES_PER_TOKEN]
        kept, finish = most.decode("utf-8", "ignore"), "length"
    played, left = [], len(kept)
    for chunk in chunks:
        if left <= 0 and chunk:
            break
        played.append(chunk[:left])
        left -= len(chunk)
    return played, finish


def _endless(max_tokens: int) -> list[str]:
    """Give more words than a model may send before its limit stops it."""
    return [ENDLESS_WORD] * (max_tokens * BYTES_PER_TOKEN // len(ENDLESS_WORD) + 1)


def _lines(path: Path) -> list[Line]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The script {path} cannot be read: {error}.",
            next_step="Give `--backend scripted:FILE` a JSON Lines file of replies.",
        ) from error
    numbered = enumerate(text.split("\n"), start=1)
    return [_line(number, written, path) for number, written in numbered if written.strip()]


def _line(number: int, written: str, path: Path) -> Line:
    try:
        record = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise _bad(path, number, f"is no JSON ({error})") from error
    if not isinstance(record, dict):
        raise _bad(path, number, "is no JSON object")
    plays = [key for key in _PLAYS if key in record]
    if len(plays) != 1:
        raise _bad(path, number, f"must have exactly one of {', '.join(_PLAYS)}")
    if unknown := sorted(record.keys() - {*_PLAYS, "delay", "match"}):
        raise _bad(path, number, f"has a key {unknown[0]!r} that is not known")
    return Line(
        number=number,
        chunks=_chunks(record, path, number),
        error=_code(record, path, number),
        endless=_is_endless(record, path, number),
        delay=_delay(record, path, number),
        match=_match(record, path, number),
    )


def _chunks(record: Mapping[str, object], path: Path, number: int) -> tuple[str, ...]:
    if "text" in record:
        if not isinstance(record["text"], str):
            raise _bad(path, number, "has a `text` that is no string")
        return (record["text"],) if record["text"] else ()
    chunks = record.get("chunks", [])
    if not isinstance(chunks, list) or not all(isinstance(item, str) for item in chunks):
        raise _bad(path, number, "has `chunks` that are no list of strings")
    return tuple(chunks)


def _code(record: Mapping[str, object], path: Path, number: int) -> str:
    if "error" not in record:
        return ""
    code = record["error"]
    if not isinstance(code, str) or code not in _error_classes():
        raise _bad(path, number, f"has an `error` that is none of {', '.join(sorted(_error_classes()))}")
    return code


def _is_endless(record: Mapping[str, object], path: Path, number: int) -> bool:
    if record.get("endless", True) is not True:
        raise _bad(path, number, "has an `endless` that is not true")
    return "endless" in record


def _delay(record: Mapping[str, object], path: Path, number: int) -> float:
    delay = record.get("delay", 0)
    if isinstance(delay, bool) or not isinstance(delay, int | float) or not 0 <= delay <= _LONGEST_DELAY:
        raise _bad(path, number, "has a `delay` that is no number of seconds")
    return float(delay)


def _match(record: Mapping[str, object], path: Path, number: int) -> str | None:
    match = record.get("match")
    if match is not None and not isinstance(match, str):
        raise _bad(path, number, "has a `match` that is no string")
    return match


def _bad(path: Path, number: int, why: str) -> ConfigError:
    return ConfigError(
        f"Line {number} of the script {path} {why}.",
        next_step=f"Correct line {number}" + ': {"text": "..."}, {"chunks": ["..."]} or {"error": "CODE"}.',
    )


def _error_classes() -> dict[str, type[BackendError]]:
    kinds: list[type[BackendError]] = [BackendError, *BackendError.__subclasses__()]
    return {kind.code: kind for kind in kinds}


def _error(line: Line, path: Path) -> BackendError:
    kind = _error_classes()[line.error]
    return kind(
        f"The script {path} plays the error {line.error} (line {line.number}).",
        next_step="This failure is played on purpose: change the script, or use another backend with `--backend`.",
    )
