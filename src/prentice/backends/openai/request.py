"""What is sent to `/chat/completions`.

Tools are never offered, one choice is asked for, and `max_tokens` is always there: some servers stop at 512 tokens
without it (mlx_lm.server), others never.
"""

from collections.abc import Mapping
from typing import Final

from prentice.backends.openai.dialects import Dialect, schema_fields
from prentice.backends.protocol import Message, Request

OPTIONAL: Final = ("stream_options", "top_k", "seed")
"""Fields that a server may refuse and that a reply can do without."""
RENAMED: Final = {"max_tokens": "max_completion_tokens"}
"""Fields that some servers take only under their newer name."""


def chat_body(
    request: Request,
    shown: tuple[Message, ...],
    *,
    dialect: Dialect,
    max_tokens: int,
    left_out: frozenset[str] = frozenset(),
) -> dict[str, object]:
    """Give the body of a request that shows these messages, without the fields that the server was found to refuse."""
    sampling = request.sampling
    chosen: Mapping[str, object] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "seed": sampling.seed,
        "stop": list(sampling.stop) or None,
    }
    body: dict[str, object] = {
        "model": request.model,
        "messages": [{"role": item.role, "content": item.content} for item in shown],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": max_tokens,
    }
    body |= {name: value for name, value in chosen.items() if value is not None}
    if request.schema is not None:
        body |= schema_fields(dialect, request.schema)
    return without(body, left_out)


def without(body: Mapping[str, object], names: frozenset[str]) -> dict[str, object]:
    """Give a body without some of its fields, or with them under their newer name."""
    return {
        RENAMED.get(name, name) if name in names else name: value
        for name, value in body.items()
        if name not in names or name in RENAMED
    }


def refused_field(text: str, body: Mapping[str, object]) -> str | None:
    """Give the field of a body that a refusal names, if a reply can do without it or it has another name."""
    names = (*OPTIONAL, *RENAMED)
    return next((name for name in names if name in body and name in text), None)
