"""The run of a plain completion: a prompt as it stands, answered by the model that the router chooses."""

from collections.abc import Mapping
from typing import Final

from prentice.backends.asking import BUILTIN
from prentice.backends.call import complete
from prentice.backends.protocol import Message, Reply, Request
from prentice.backends.router import Choice
from prentice.errors import ModelUnsupportedError
from prentice.runs.protocol import Json, Step, StepContext
from prentice.runs.registry import Need, Registry
from prentice.skills.reporting import pieces_told
from prentice.skills.services import Services

GENERATE: Final = "generate"
_REPLY_TOKENS: Final = 1024
"""About as much as an answer to an assistant has room for."""


def register(registry: Registry[Services]) -> None:
    """Register the body and its step."""
    registry.add_body(GENERATE, generate)
    registry.add_step("generate.complete", complete_prompt, needs=server, acts=False)


async def generate(step: Step, arguments: Mapping[str, Json]) -> Json:
    """Give a model's answer to a prompt. Arguments: `text`, which is the prompt."""
    return await step.do("generate.complete", prompt=arguments["text"])


async def server(services: Services, arguments: Mapping[str, Json]) -> Need | None:
    """Say which server the prompt goes to."""
    del arguments
    return await services.server(GENERATE)


async def complete_prompt(context: StepContext[Services], *, prompt: str) -> Json:
    """Ask for a plain text, and give it with what it took.

    Raises:
        ModelUnsupportedError: there is no model.
        BackendError: the backend failed.
    """
    services, notes = context.services, list[str]()

    async def by(choice: Choice, left: float) -> Reply:
        if choice.backend.name == BUILTIN:
            raise ModelUnsupportedError(
                "The built-in rules write no free text.", next_step="Get a model first: `prentice models recommend`."
            )
        context.report({"doing": "asking", "backend": choice.backend.name, "model": choice.model, "again": False})
        request = Request(
            purpose=GENERATE, model=choice.model, messages=(Message(role="user", content=prompt),),
            max_tokens=_REPLY_TOKENS, deadline=left, idle=services.settings.idle_seconds,
        )  # fmt: skip
        return await complete(choice.backend, request, recorder=services.recorder, on_piece=pieces_told(context))

    reply = await services.answer(GENERATE, by, on_fallback=notes.append)
    return {
        "text": reply.text, "backend": reply.backend, "model": reply.model, "finish": reply.finish,
        "tokens": {"prompt": reply.prompt_tokens, "reply": reply.reply_tokens}, "seconds": round(reply.total, 3),
        "notes": notes,
    }  # fmt: skip
