"""Runs of one call to a model: a plain completion and a summary, so that a slow model does not hold a client."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from prentice.backends.asking import BUILTIN
from prentice.backends.call import complete
from prentice.backends.protocol import Message, Piece, Reply, Request
from prentice.backends.router import Choice
from prentice.errors import ModelUnsupportedError
from prentice.runs.protocol import Json, Step, StepContext
from prentice.runs.registry import Registry
from prentice.skills.services import Services
from prentice.skills.summarize import Kind, summarize

GENERATE: Final = "mcp.generate"
SUMMARIZE: Final = "mcp.summarize"
_PURPOSE: Final = "generate"
_REPLY_TOKENS: Final = 1024
"""As much as an answer of the server has room for, structure and text together."""

AnyServices = TypeVar("AnyServices", bound=Services)


def register(registry: Registry[AnyServices]) -> None:
    """Register the bodies and their steps."""
    registry.add_body(GENERATE, generate)
    registry.add_body(SUMMARIZE, summarize_text)
    registry.add_step("mcp.complete", complete_prompt)
    registry.add_step("mcp.sum_up", sum_up)


async def generate(step: Step, arguments: Mapping[str, Json]) -> Json:
    """Give a model's answer to a prompt. Arguments: `prompt`."""
    return await step.do("mcp.complete", prompt=arguments["prompt"])


async def summarize_text(step: Step, arguments: Mapping[str, Json]) -> Json:
    """Give a text in a few sentences. Arguments: `text`, `kind`, `name`."""
    return await step.do("mcp.sum_up", **arguments)


async def complete_prompt(context: StepContext[Services], *, prompt: str) -> Json:
    """Ask for a plain text.

    Raises:
        BackendError: the backend failed, or is no model.
    """
    services, hear = context.services, _teller(context)
    notes: list[str] = []

    async def by(choice: Choice, left: float) -> Reply:
        if choice.backend.name == BUILTIN:
            raise ModelUnsupportedError(
                "The built-in rules write no free text.", next_step="Get a model first: `prentice models recommend`."
            )
        context.report({"doing": "asking", "backend": choice.backend.name, "model": choice.model, "again": False})
        request = Request(
            purpose=_PURPOSE, model=choice.model, messages=(Message(role="user", content=prompt),),
            max_tokens=_REPLY_TOKENS, deadline=left, idle=services.settings.idle_seconds,
        )  # fmt: skip
        return await complete(choice.backend, request, recorder=services.recorder, on_piece=hear)

    reply = await services.answer(_PURPOSE, by, on_fallback=notes.append)
    return {
        "text": reply.text, "backend": reply.backend, "model": reply.model, "finish": reply.finish,
        "tokens": {"prompt": reply.prompt_tokens, "reply": reply.reply_tokens}, "seconds": round(reply.total, 3),
        "notes": notes,
    }  # fmt: skip


async def sum_up(context: StepContext[Services], *, text: str, kind: Kind, name: str) -> Json:
    """Summarize a text.

    Raises:
        TextError, ReplyError, BackendError: as for the skill.
    """
    found = await summarize(text, kind=kind, name=name, services=context.services, on_piece=_teller(context))
    return found.document()


def _teller(context: StepContext[Services]) -> Callable[[Piece], None]:
    received = 0

    def hear(piece: Piece) -> None:
        nonlocal received
        received += 1
        context.report({"doing": "thinking" if piece.thinking else "writing", "pieces": received})

    return hear
