"""One call to a backend: bounded by its deadline, reported as it goes, recorded however it ends."""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import cast

from prentice.backends.context_window import estimate_prompt, estimate_tokens
from prentice.backends.patience import timed_out
from prentice.backends.protocol import Backend, CallRecord, Piece, Recorder, Reply, Request, TextKeeper
from prentice.errors import PrenticeError, StoppedError, StreamError


async def complete(
    backend: Backend,
    request: Request,
    *,
    recorder: Recorder | None = None,
    on_piece: Callable[[Piece], None] | None = None,
    prompt_version: str = "",
) -> Reply:
    """Run a request to its end and give the reply.

    Each piece is handed to `on_piece` as it arrives. One `CallRecord` goes to `recorder` in every case, also when the
    call fails or its task is cancelled; it then holds estimates of what was sent and received.

    Raises:
        BackendError: the call failed; `TimedOutError` where the request's deadline passed.
    """
    at, start = time.time(), time.perf_counter()
    received: list[str] = []
    reply: Reply | None = None
    finish, first_token = "error", 0.0
    try:
        async with asyncio.timeout(request.deadline):
            # Closing the stream here, not at garbage collection, ends the work at the backend at once.
            async with aclosing(cast("AsyncGenerator[Piece | Reply]", backend.stream(request))) as items:
                async for item in items:
                    if isinstance(item, Reply):
                        reply, finish = item, item.finish
                        break
                    first_token = first_token or time.perf_counter() - start
                    received.append(item.text)
                    if on_piece is not None:
                        on_piece(item)
        if reply is None:
            raise StreamError(
                f"The backend {backend.name} ended its reply without finishing it.",
                next_step="Try again, or use another backend with `--backend`.",
            )
    except TimeoutError:
        error = timed_out("deadline", request.deadline, model=request.model or backend.name)
        finish = error.code
        raise error from None
    except PrenticeError as error:
        finish = error.code
        raise
    except asyncio.CancelledError:
        finish = StoppedError.code
        raise
    else:
        return reply
    finally:
        if recorder is not None:
            record = _record(
                request, reply, "".join(received), backend=backend.name, prompt_version=prompt_version, at=at,
                first_token=first_token, total=time.perf_counter() - start, finish=finish,
            )  # fmt: skip
            recorder.call(record)
            _keep_texts(recorder, request, reply, received)


def _record(
    request: Request,
    reply: Reply | None,
    received: str,
    *,
    backend: str,
    prompt_version: str,
    at: float,
    first_token: float,
    total: float,
    finish: str,
) -> CallRecord:
    """Make the record of a call; without a reply, tokens are estimated from what was sent and received."""
    return CallRecord(
        at=at,
        purpose=request.purpose,
        backend=backend,
        model=reply.model if reply else request.model,
        prompt_digest=prompt_digest(request),
        prompt_version=prompt_version,
        prompt_tokens=reply.prompt_tokens if reply else estimate_prompt(request.messages),
        reply_tokens=reply.reply_tokens if reply else estimate_tokens(received),
        cached_tokens=reply.cached_tokens if reply else None,
        estimated=reply.estimated if reply else True,
        load=reply.load if reply else 0.0,
        first_token=reply.first_token if reply else first_token,
        total=total,
        finish=finish,
    )


def _keep_texts(recorder: Recorder, request: Request, reply: Reply | None, received: list[str]) -> None:
    if isinstance(recorder, TextKeeper):
        recorder.keep_texts(
            prompt_digest=prompt_digest(request),
            model=reply.model if reply else request.model,
            prompt=request.prompt,
            reply=reply.text if reply else "".join(received),
        )


def prompt_digest(request: Request) -> str:
    """Give the SHA-256 of all that the model is shown: the messages with their roles, and the schema."""
    shown = [[[item.role, item.content] for item in request.messages], request.schema]
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()
