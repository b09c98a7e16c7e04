"""The ways in which servers take a schema, and what stands in for them where a server takes none.

Known from the servers' documentation and code (2026-11): OpenAI's form is that of llama-server, LM Studio, vLLM and
Docker Model Runner; `json_object` with a `schema` that of llama-cpp-python and of older llama-servers;
`structured_outputs` vLLM's own, `guided_json` its former one, removed in 0.12.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from prentice.backends.protocol import Message

Dialect: TypeAlias = Literal["json_schema", "json_object", "structured_outputs", "guided_json", "prompt"]
"""How a schema is asked for; `prompt` puts it into words, and nothing holds the reply to it."""

PROMPT: Final = "prompt"
ENFORCED: Final[tuple[Dialect, ...]] = ("json_schema", "json_object", "structured_outputs", "guided_json")
"""The forms by which a server can hold a reply to a schema, in the order in which they are tried."""

_NAME: Final = "reply"


def dialect_named(text: str | None) -> Dialect | None:
    """Give the way of asking of this name; None where there is none."""
    return next((dialect for dialect in (*ENFORCED, PROMPT) if dialect == text), None)


def schema_fields(dialect: Dialect, schema: Mapping[str, object]) -> dict[str, object]:
    """Give the fields of a request that carry a schema in this form."""
    match dialect:
        case "json_schema":
            # With the schema beside `type`, without the wrapper, llama-server takes an empty one (llama.cpp#28697).
            wrapper = {"name": _NAME, "strict": True, "schema": schema}
            return {"response_format": {"type": "json_schema", "json_schema": wrapper}}
        case "json_object":
            return {"response_format": {"type": "json_object", "schema": schema}}
        case "structured_outputs":
            return {"structured_outputs": {"json": schema}}
        case "guided_json":
            return {"guided_json": schema}
        case "prompt":
            return {}


def in_words(messages: tuple[Message, ...], schema: Mapping[str, object]) -> tuple[Message, ...]:
    """Give the conversation with the schema put into words.

    It stands at the end of the first message, which is the same from call to call, so that servers reuse what they
    computed of it. A message of its own is not added: some chat templates know no `system`, or take only one.
    """
    compact = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    wish = (
        "Answer with one JSON object alone, compact, without a code fence and without any text before or after it. "
        f"It must satisfy this JSON Schema:\n{compact}"
    )
    if not messages:
        return (Message(role="user", content=wish),)
    first, *others = messages
    return (replace(first, content=f"{first.content}\n\n{wish}"), *others)
