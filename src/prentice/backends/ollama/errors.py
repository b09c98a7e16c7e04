"""From what Ollama answers when it fails to the error that says what to do.

Bodies are JSON with a text, JSON inside that text, an object with a message, plain text, or another program's page
(seen on v0.24.0 and v0.33.0).
"""

import difflib
import json
import re
from collections.abc import Sequence
from typing import Final

from prentice.backends.context_window import prompt_too_long
from prentice.backends.locality import full_name
from prentice.backends.ndjson import json_object
from prentice.errors import (
    BackendBusyError,
    BackendError,
    BackendUnreachableError,
    ModelNotFoundError,
    ModelUnsupportedError,
    RemoteRefusedError,
    StreamError,
    WrongServerError,
)

SHOWN_CHARACTERS: Final = 120
_LISTED: Final = 50  # of a machine with thousands of models an error names some

_TOO_LONG: Final = re.compile(
    r"exceeds? (?:the )?(?:available |maximum )?context (?:size|length|window)|exceed_context_size", re.IGNORECASE
)
_COUNT: Final = re.compile(r"request \((\d+) tokens\)|\"n_prompt_tokens\":\s*(\d+)")
_NO_MODEL: Final = re.compile(r"model .*not found|no such model|try pulling", re.IGNORECASE)
_MEMORY: Final = re.compile(
    r"out of memory|requires more system memory|unable to allocate|failed to allocate|cudaMalloc|cannot allocate",
    re.IGNORECASE,
)
_UNABLE: Final = re.compile(r"does not support|not supported by", re.IGNORECASE)
_CLOUD: Final = re.compile(r"cloud|remote model|signin|sign in", re.IGNORECASE)
_BUSY: Final = re.compile(r"server busy|maximum pending requests", re.IGNORECASE)


def error_text(body: bytes) -> str | None:
    """Give the text of an error body in Ollama's shape, unwrapped; None where the body has another shape."""
    document = json_object(body)
    return _unwrapped(document["error"]) if document is not None and "error" in document else None


def reported(text: str, *, model: str, window: int, prompt: int) -> BackendError:
    """Make the error for a failure that the server itself reports, by status or by a line in the stream."""
    if _TOO_LONG.search(text):
        count = _COUNT.search(text)
        if count is None:  # the server says only that it is more than the window has
            return prompt_too_long(prompt=max(prompt, window), window=window, model=model)
        return prompt_too_long(prompt=int(count[1] or count[2]), window=window, model=model, measured=True)
    if _BUSY.search(text):
        return busy(text)
    if _MEMORY.search(text):
        return ModelUnsupportedError(
            f"Ollama has not enough memory for the model {model}: {short(text)}",
            next_step="Choose a smaller model (`--model`), or free memory: `ollama ps`, then `ollama stop NAME`.",
        )
    if _UNABLE.search(text):
        return ModelUnsupportedError(
            f"The model {model} cannot do what is asked: {short(text)}",
            next_step="Choose another model with `--model`; `prentice models` lists those installed.",
        )
    return StreamError(
        f"Ollama reported a failure: {short(text)}",
        next_step="Try again; if it stays, look at Ollama's log, update Ollama, or use `--backend builtin`.",
    )


def from_status(
    status: int, body: bytes, *, url: str, path: str, model: str = "", window: int = 0, prompt: int = 0
) -> BackendError:
    """Make the error for an answer other than 200 to a call of Ollama's API."""
    text = error_text(body)
    if status in {401, 403}:
        return _forbidden(status, text, body=body, url=url, model=model)
    if status in {502, 504}:
        return BackendUnreachableError(
            f"Something answers at {url}, but reports that it cannot reach Ollama (status {status}): "
            f"{short(text or _plain(body))}",
            next_step="Start Ollama with `ollama serve`, or use `--backend builtin`.",
        )
    if status == 501:
        return ModelUnsupportedError(
            f"The model {model} cannot do what is asked: {short(text or _plain(body))}",
            next_step="Choose another model with `--model`; `prentice models` lists those installed.",
        )
    if status == 404 and text is not None and _NO_MODEL.search(text):
        return model_not_found(model, installed=())
    if text is None or status in {404, 405}:
        return wrong_server(url, path=path, status=status, body=body)
    return _explained(status, text, model=model, window=window, prompt=prompt)


def unreachable(url: str, why: str = "") -> BackendUnreachableError:
    """Make the error for a server that is not there."""
    return BackendUnreachableError(
        f"Ollama is not running at {url}{f' ({why})' if why else ''}.",
        next_step="Start it with `ollama serve`, or use `--backend builtin`, which needs no model.",
        details={"url": url},
    )


def wrong_server(url: str, *, path: str, body: bytes, status: int = 200) -> WrongServerError:
    """Make the error for another program on Ollama's port; it shows the start of what came."""
    return WrongServerError(
        f"What answers at {url}{path} is not Ollama ({f'status {status}' if status else 'it speaks no HTTP'}): "
        f"{short(_plain(body)) or 'an empty body'}",
        next_step="Set `ollama.host` (or `OLLAMA_HOST`) to Ollama's address, without `/v1` or `/api` at its end; "
        "or use `--backend builtin`.",
        details={"url": url, "status": status},
    )


def model_not_found(model: str, *, installed: Sequence[str]) -> ModelNotFoundError:
    """Make the error that names the pull command, and the installed models that are spelled alike."""
    stem = full_name(model).partition(":")[0]
    stems = {name: full_name(name).partition(":")[0] for name in installed}
    alike = difflib.get_close_matches(stem, set(stems.values()), n=3, cutoff=0.6)
    near = [name for name in installed if stems[name] in alike][:3]
    others = near or list(installed)[:3]
    if not installed:
        have = ""
    elif near:
        have = f" Installed and spelled alike: {', '.join(near)}."
    else:
        have = f" Installed: {', '.join(others)}."
    return ModelNotFoundError(
        f"Ollama does not have the model {model}.{have}",
        next_step=f"Get it with `prentice models pull {model}`"
        + (f", or use `--model {others[0]}`." if others else ", or use `--backend builtin`."),
        details={"model": model, "installed": list(installed)[:_LISTED]},
    )


def unnamed_model(installed: Sequence[str], *, url: str) -> ModelNotFoundError:
    """Make the error for a request that names no model."""
    if not installed:
        return no_model(url)
    return ModelNotFoundError(
        "No model was named.",
        next_step=f"Name one with `--model`: {', '.join(list(installed)[:5])}.",
        details={"installed": list(installed)[:_LISTED]},
    )


def no_model(url: str) -> ModelNotFoundError:
    """Make the error for an Ollama without any model that can answer."""
    return ModelNotFoundError(
        f"Ollama at {url} has no model that can answer on this machine.",
        next_step="Get one with `prentice models pull llama3.2`, or use `--backend builtin`, which needs no model.",
        details={"installed": []},
    )


def busy(text: str = "") -> BackendBusyError:
    """Make the error for a queue that stayed full."""
    return BackendBusyError(
        f"Ollama's queue is full{f': {short(text)}' if text else ''}.",
        next_step="Wait for the other work (`ollama ps` shows it) and try again, or raise `OLLAMA_MAX_QUEUE`.",
    )


def broken_off(why: str) -> StreamError:
    """Make the error for a stream that ended before the reply was complete."""
    return StreamError(
        f"Ollama's reply broke off: {why}.",
        next_step="Try again; if it stays, see whether Ollama ran out of memory (`ollama ps`, its log).",
    )


def _explained(status: int, text: str, *, model: str, window: int, prompt: int) -> BackendError:
    if status == 503:
        return busy(text)
    if status == 400 and _CLOUD.search(text):
        return _cloud(text, model=model)
    return reported(text, model=model, window=window, prompt=prompt)


def _forbidden(status: int, text: str | None, *, body: bytes, url: str, model: str) -> BackendError:
    if _CLOUD.search(text or "") or b"signin_url" in body:
        return _cloud(text or "a sign-in is asked for", model=model)
    return WrongServerError(
        f"The server at {url} refuses us (status {status}): {short(text or _plain(body)) or 'without a reason'}",
        next_step="Prentice sends no key. Set `ollama.host` to an Ollama that answers without one.",
        details={"url": url, "status": status},
    )


def _cloud(text: str, *, model: str) -> RemoteRefusedError:
    return RemoteRefusedError(
        f"The model {model} would run in a cloud, and Ollama does not pass it on: {short(text)}",
        next_step="Choose a local model: `prentice models` lists those installed, `prentice models pull llama3.2` gets "
        "one.",
        details={"model": model},
    )


def _unwrapped(value: object) -> str:
    for _ in range(4):
        if isinstance(value, dict):
            value = value.get("error") or value.get("message") or json.dumps(value)
        if isinstance(value, str) and value.lstrip().startswith("{"):
            inner = json_object(value.encode("utf-8", "replace"))
            if inner is None or not ("error" in inner or "message" in inner):
                break
            value = inner
    return value if isinstance(value, str) else json.dumps(value)


def _plain(body: bytes) -> str:
    return body[: 4 * SHOWN_CHARACTERS].decode("utf-8", "replace")


def short(text: str) -> str:
    """Give the start of a text in one line of printable characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= SHOWN_CHARACTERS else line[: SHOWN_CHARACTERS - 1] + "…"
