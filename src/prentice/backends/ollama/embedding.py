"""Vectors for texts, from `/api/embed`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prentice.backends.ndjson import json_object
from prentice.backends.ollama import errors as ollama_errors
from prentice.backends.ollama.request import duration
from prentice.backends.ollama.server import OllamaServer

_PATH: Final = "/api/embed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Embeddings:
    """A vector for each text, in their order, and the tokens that all of them took (None: not told)."""

    model: str
    vectors: tuple[tuple[float, ...], ...]
    prompt_tokens: int | None = None


async def embed(server: OllamaServer, texts: Sequence[str], *, name: str, model: str, keep_alive: str) -> Embeddings:
    """Ask for vectors; nothing is cut to fit. `name` is what the server calls `model`.

    Raises:
        BackendError: the server failed, or gave other than one vector of one length for each text.
    """
    if not texts:
        return Embeddings(model=model, vectors=(), prompt_tokens=0)
    body = {"model": name, "input": list(texts), "truncate": False, "keep_alive": duration(keep_alive)}
    response = await server.send(_PATH, body)
    status, content = response.status_code, await server.body(response, _PATH)
    if status != 200:
        raise ollama_errors.from_status(status, content, url=server.url, path=_PATH, model=model)
    document = json_object(content) or {}
    server.locality.check_entry(document, model=model)
    vectors = _vectors(document.get("embeddings"), count=len(texts))
    if vectors is None:
        raise ollama_errors.wrong_server(server.url, path=_PATH, body=content)
    counted = document.get("prompt_eval_count")
    tokens = counted if isinstance(counted, int) and not isinstance(counted, bool) and counted >= 0 else None
    return Embeddings(model=model, vectors=vectors, prompt_tokens=tokens)


def _vectors(value: object, *, count: int) -> tuple[tuple[float, ...], ...] | None:
    if not isinstance(value, list) or len(value) != count:
        return None
    found = []
    for row in value:
        if not isinstance(row, list) or len(row) != len(value[0]) or not row:
            return None
        if not all(isinstance(item, int | float) and math.isfinite(item) for item in row):
            return None
        found.append(tuple(float(item) for item in row))
    return tuple(found)
