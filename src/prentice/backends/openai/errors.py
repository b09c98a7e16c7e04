"""From what an OpenAI-compatible server answers when it fails to the error that says what to do.

Bodies are an object with a message, a bare text, a list of details, plain text, or another program's page. Counts of
tokens stand in fields (llama-server) or in the sentence (vLLM, LM Studio, LiteLLM).
"""

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prentice.backends.context_window import prompt_too_long
from prentice.backends.locality import permission
from prentice.backends.ndjson import json_object
from prentice.errors import (
    BackendBusyError,
    BackendError,
    BackendUnreachableError,
    KeyRefusedError,
    ModelNotFoundError,
    ModelUnsupportedError,
    RemoteRefusedError,
    StreamError,
    TimedOutError,
    WrongServerError,
)

SHOWN_CHARACTERS: Final = 160

_TOO_LONG: Final = re.compile(
    r"context[ _](?:size|length|window)s?[ _]?(?:is |was )?exceed|exceed\w*[^.]{0,60}context[ _](?:size|length|window)"
    r"|maximum context length|ContextWindowExceeded|greater than the context length|context length of only"
    r"|prompt (?:\(\d+ tokens\) )?is too long|longer than the maximum model length|context the overflows",
    re.IGNORECASE,
)
_PROMPT_COUNTS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"request \((\d+) tokens\)",
        r"\((\d+) in the messages",
        r"prompt \((\d+) tokens\)",
        r"prompt contains (?:at least )?(\d+)",
        r"(?:request has|passed) (\d+) input tokens",
        r"keep the first (\d+) tokens",
        r"n_keep: (\d+)",
        r"messages resulted in (\d+) tokens",
        r"you requested (?:about )?(\d+) tokens",
        r"length of (\d+)",
    )
)
_WINDOWS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"context (?:size|length|window)(?: of| is)?(?: only)? \(?(\d+)",
        r"exceeds limit of (\d+)",
        r"n_ctx: (\d+)",
        r"maximum model length of (\d+)",
    )
)
_NO_MODEL: Final = re.compile(
    r"model\b.{0,200}?\b(?:not found|does not exist|not loaded|not available|no longer)|no such model|no models? loaded"
    r"|invalid model|unknown model|repository not found|model_not_found",
    re.IGNORECASE | re.DOTALL,
)
_MEMORY: Final = re.compile(
    r"out of memory|insufficient (?:system )?(?:memory|resources)|failed to allocate|unable to allocate|cudaMalloc",
    re.IGNORECASE,
)
_BUSY: Final = re.compile(
    r"server busy|too many requests|rate.?limit|queue is full|overloaded|loading model|no slot|pending requests",
    re.IGNORECASE,
)
_SPENT: Final = re.compile(r"insufficient_quota|exceeded your (?:current )?quota|budget.{0,20}exceeded", re.IGNORECASE)
_SCHEMA: Final = re.compile(
    r"response_format|json.?schema|\bschema\b|grammar|guided|structured.?output|xgrammar|outlines", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked of which server, for the sentence of an error; `prompt` and `window` are in tokens."""

    url: str
    path: str = "/chat/completions"
    model: str = ""
    prompt: int = 0
    window: int | None = None


def error_text(document: Mapping[str, object]) -> str | None:
    """Give the text of an error document, unwrapped; None where it reports none."""
    if document.get("object") == "error" and "error" not in document:  # vLLM before 0.10
        return _unwrapped(document)
    for key in ("error", "detail"):
        if document.get(key) not in (None, "", False):
            return _unwrapped(document[key])
    return None


def reported(text: str, *, asked: Asked, document: Mapping[str, object] | None = None) -> BackendError:
    """Make the error for a failure that the server itself reports, by status or in its stream."""
    if _TOO_LONG.search(text):
        return _too_long(text, asked=asked, document=document or {})
    if _BUSY.search(text):
        return busy(asked, text)
    if _MEMORY.search(text):
        return ModelUnsupportedError(
            f"The server at {asked.url} has not enough memory for {asked.model or 'the model'}: {short(text)}",
            next_step="Choose a smaller model (`--model`), or load it with a smaller context window.",
        )
    if _NO_MODEL.search(text):
        return model_not_found(asked.model, listed=(), url=asked.url)
    return StreamError(
        f"The server at {asked.url} reported a failure: {short(text)}",
        next_step="Try again; if it stays, look at the server's log, or use `--backend builtin`.",
    )


def from_status(status: int, body: bytes, *, asked: Asked) -> BackendError:
    """Make the error for an answer other than 200."""
    document = json_object(body)
    text = error_text(document) if document is not None else None
    if status in {401, 403}:
        return key_refused(status, asked.url)
    if status in {502, 504}:
        return BackendUnreachableError(
            f"Something answers at {asked.url}, but cannot reach its model (status {status}): "
            f"{short(text or plain(body))}",
            next_step="Start the server behind it, or use `--backend builtin`, which needs no model.",
            details={"url": asked.url},
        )
    if status in {429, 503}:
        return _spent(asked, text) if text and _SPENT.search(text) else busy(asked, text or plain(body))
    if text is not None and not _is_wrong_path(status, text):
        return reported(text, asked=asked, document=document)
    return wrong_server(asked.url, path=asked.path, status=status, body=body)


def names_schema(text: str) -> bool:
    """Whether a refusal speaks of the schema that was sent, or of the field that carried it."""
    return _SCHEMA.search(text) is not None


def schema_refused(text: str, *, asked: Asked) -> ModelUnsupportedError:
    """Make the error for a schema that the server's constrainer cannot compile."""
    return ModelUnsupportedError(
        f"The server at {asked.url} cannot hold {asked.model} to the form of the answer: {short(text)}",
        next_step="Update the server, choose another model with `--model`, or another backend with `--backend`.",
    )


def key_refused(status: int, url: str) -> KeyRefusedError:
    """Make the error for a server that wants a key, or another one. What it says is not shown: it may hold the key."""
    return KeyRefusedError(
        f"The server at {url} wants a key, or another one (status {status}).",
        next_step="Put its key into the variable that `openai.key_variable` names (`PRENTICE_OPENAI_KEY`), "
        "or into the keyring under `openai.keyring`.",
        details={"url": url, "status": status},
    )


def unreachable(url: str, why: str = "") -> BackendUnreachableError:
    """Make the error for a server that is not there."""
    return BackendUnreachableError(
        f"No OpenAI-compatible server runs at {url}{f' ({short(why)})' if why else ''}.",
        next_step="Start it (docs/openai-servers.md says how), set `openai.host` to where it listens, "
        "or use `--backend builtin`, which needs no model.",
        details={"url": url},
    )


def wrong_server(url: str, *, path: str, body: bytes, status: int = 200) -> WrongServerError:
    """Make the error for another program at this address; it shows the start of what came."""
    return WrongServerError(
        f"What answers at {url}{path} is no OpenAI-compatible server (status {status}): "
        f"{short(plain(body)) or 'an empty body'}",
        next_step="Set `openai.host` to the server's address; for Docker Model Runner it ends in `/engines/v1`, "
        "else mostly in `/v1`.",
        details={"url": url, "status": status},
    )


def model_not_found(model: str, *, listed: Sequence[str], url: str) -> ModelNotFoundError:
    """Make the error that names the models that are spelled alike, or the first of those that are there."""
    near = difflib.get_close_matches(model.casefold(), [name.casefold() for name in listed], n=3, cutoff=0.5)
    others = [name for name in listed if name.casefold() in near] or list(listed)[:3]
    have = f" It has: {', '.join(others)}." if others else ""
    return ModelNotFoundError(
        f"The server at {url} does not have the model {model or '(none named)'}.{have}",
        next_step=f"Load {model or 'a model'} in the server, or "
        + (f"use `--model {others[0]}`." if others else "leave `--model` out to take the one that it has."),
        details={"model": model, "installed": list(listed)[:50]},
    )


def unnamed_model(listed: Sequence[str], *, url: str) -> ModelNotFoundError:
    """Make the error for a request that names none of several models."""
    return ModelNotFoundError(
        f"No model was named, and the server at {url} has {len(listed)}.",
        next_step=f"Name one with `--model`: {', '.join(list(listed)[:5])}.",
        details={"installed": list(listed)[:50]},
    )


def forwarded(model: str, *, where: str) -> RemoteRefusedError:
    """Make the error for a model that the server passes on to another machine."""
    return RemoteRefusedError(
        f"The model {model} does not run on this machine: the server forwards it to {where}.",
        next_step="Choose a local model with `--model`, or allow this one: "
        f"{permission('allowed_remote_models', model)}.",
        details={"model": model},
    )


def busy(asked: Asked, text: str = "") -> BackendBusyError:
    """Make the error for a server that took no more requests, or was still loading its model."""
    return BackendBusyError(
        f"The server at {asked.url} takes no more requests now{f': {short(text)}' if text else ''}.",
        next_step="Wait for its other work and try again, or let it serve more requests at once.",
    )


def broken_off(why: str) -> StreamError:
    """Make the error for a stream that ended before the reply was complete."""
    return StreamError(
        f"The server's reply broke off: {why}.",
        next_step="Try again; if it stays, look at the server's log: it may have run out of memory.",
    )


def silent(url: str, path: str, seconds: float) -> TimedOutError:
    """Make the error for a look-up that got no answer."""
    return TimedOutError(
        f"The server at {url}{path} sent no answer for {seconds:g} s.",
        next_step="See whether the server is well, and start it again; or use `--backend builtin`.",
        details={"limit": "answer", "seconds": seconds},
    )


def plain(body: bytes) -> str:
    """Give the start of a body as text, whatever its bytes are."""
    return body[: 4 * SHOWN_CHARACTERS].decode("utf-8", "replace")


def short(text: str) -> str:
    """Give a text as the part of one line that a message can show."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= SHOWN_CHARACTERS else line[: SHOWN_CHARACTERS - 1] + "…"


def _too_long(text: str, *, asked: Asked, document: Mapping[str, object]) -> BackendError:
    inner = document.get("error")
    fields = inner if isinstance(inner, dict) else document
    prompt = _field(fields, "n_prompt_tokens") or _first(_PROMPT_COUNTS, text)
    window = _field(fields, "n_ctx") or _first(_WINDOWS, text) or asked.window
    if window is None:  # it is too long for a window of unknown size
        window = prompt or asked.prompt
    measured = prompt is not None
    return prompt_too_long(
        prompt=prompt if prompt is not None else max(asked.prompt, window),
        window=window,
        model=asked.model,
        measured=measured,
    )


def _spent(asked: Asked, text: str) -> BackendError:
    return ModelUnsupportedError(
        f"The account behind {asked.model or 'the model'} is used up: {short(text)}",
        next_step="Choose a local model with `--model`, or another backend with `--backend`.",
    )


def _is_wrong_path(status: int, text: str) -> bool:
    return status in {404, 405} and not _NO_MODEL.search(text) and not _TOO_LONG.search(text)


def _first(patterns: Sequence[re.Pattern[str]], text: str) -> int | None:
    for pattern in patterns:
        if found := pattern.search(text.replace(",", "")):
            return int(found[1][:12])
    return None


def _field(fields: Mapping[str, object], name: str) -> int | None:
    value = fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _unwrapped(value: object) -> str:
    for _ in range(4):
        if isinstance(value, dict):
            value = value.get("message") or value.get("error") or value.get("detail") or json.dumps(value)
        if isinstance(value, str) and value.lstrip().startswith("{"):
            inner = json_object(value.encode("utf-8", "replace"))
            if inner is None or not inner.keys() & {"error", "message", "detail"}:
                break
            value = inner
    return value if isinstance(value, str) else json.dumps(value, default=str)
