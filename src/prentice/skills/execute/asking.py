"""The step that asks a model: several samples of one prompt at once, or the same again with what was wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from prentice.backends import parallel
from prentice.backends.asking import BUILTIN
from prentice.backends.protocol import Message, Reply, Request, Sampling
from prentice.backends.router import Choice
from prentice.errors import BackendError, PrenticeError, PromptTooLongError
from prentice.prompts.render import Data, render
from prentice.prompts.tuned import ModelKey
from prentice.runs.protocol import Json, StepContext
from prentice.runs.registry import Need
from prentice.skills.execute.services import PURPOSE, ExecutionServices
from prentice.skills.optimize.model_key import tuned_for
from prentice.skills.reporting import pieces_told

FIRST_TEMPERATURE: Final = 0.2
"""Of the first sample, which is the model's best guess; also where there is only one."""
MORE_TEMPERATURE: Final = 0.7
"""Of the others: samples that cannot differ would agree without saying anything."""
_SHOWN_REPLY: Final = 12_000


async def server(services: ExecutionServices, arguments: Mapping[str, Json]) -> Need | None:
    """Say which server the questions go to, and how many they are."""
    purpose = await services.purpose_at(arguments["tier"], arguments["need"])
    return None if purpose is None else await services.server(purpose, requests=len(arguments["turns"]))


async def ask(
    context: StepContext[ExecutionServices], *, prompt: Json, need: Json, tier: int, turns: list[dict[str, Any]]
) -> Json:
    """Ask for each turn: `{sample}`, or `{sample, reply, problem, kind}` to have that reply corrected.

    `tier` 0 is the model that the router chooses, 1 the next larger one. Gives `replies` in the order of the turns,
    `{sample, text, error}` each, and who answered; or `too_long`, where the
    prompt does not fit the model's window; `failed`, where none of the corrections that were asked for came;
    `no_model`, where every model failed.

    Raises:
        BackendError: no first turn was answered, and no other model may take over.
    """
    services = context.services
    took_over: list[str] = []
    told = pieces_told(context)

    async def asked(choice: Choice, left: float) -> tuple[Choice, list[Reply | PrenticeError]]:
        if choice.backend.name == BUILTIN:
            return choice, []  # every model failed, and rules do not write code
        context.report({
            "doing": "asking", "backend": choice.backend.name, "model": choice.model, "samples": len(turns),
            "again": any("problem" in turn for turn in turns), "because": took_over[-1] if took_over else "",
        })  # fmt: skip
        key = await tuned_for(choice, "execute.retry", "execute.checks")
        requests = [
            replace(
                request(prompt, turn, idle=services.settings.idle_seconds, key=key), model=choice.model, deadline=left
            )
            for turn in turns
        ]
        replies = await parallel.gather(
            choice.backend, requests, on_error="collect", recorder=services.recorder,
            on_piece=lambda _, piece: told(piece), prompt_version=prompt["version"],
        )  # fmt: skip
        failures = [reply for reply in replies if isinstance(reply, PrenticeError)]
        if len(failures) == len(replies):
            raise failures[0]
        return choice, replies

    try:
        purpose = await services.purpose_at(tier, need)
        if purpose is None:
            return {"too_long": "There is no larger model any more."}
        choice, replies = await services.answer(purpose, asked, on_fallback=took_over.append)
    except PromptTooLongError as error:
        return {"too_long": error.message}
    except BackendError as error:
        if all("problem" in turn for turn in turns):
            return {"failed": error.message}
        raise
    context.report({"doing": "done"})
    if choice.backend.name == BUILTIN:
        return {"no_model": took_over[-1].partition(", so ")[0] if took_over else choice.reason}
    return {
        "replies": [_document(turn, reply) for turn, reply in zip(turns, replies, strict=True)],
        "backend": choice.backend.name,
        "model": choice.model,
        "took_over": took_over,
    }


def request(prompt: Mapping[str, Any], turn: Mapping[str, Any], *, idle: float, key: ModelKey | None = None) -> Request:
    """Make the request of one turn; `key` is the model whose own templates are taken."""
    messages = tuple(Message(role=item["role"], content=item["content"]) for item in prompt["messages"])
    sample = int(turn["sample"])
    if "problem" in turn:
        messages = (*messages, *correction(turn["reply"], turn["problem"], kind=turn["kind"], key=key))
    return Request(
        purpose=PURPOSE,
        messages=messages,
        sampling=Sampling(
            temperature=MORE_TEMPERATURE if sample else FIRST_TEMPERATURE,
            seed=1 + 2 * sample + ("problem" in turn),
        ),
        max_tokens=prompt["max_tokens"],
        idle=idle,
    )


def correction(reply: str, problem: str, *, kind: str, key: ModelKey | None = None) -> Sequence[Message]:
    """Give the turns that show a model its own reply and what was wrong: with the edits, or with what they did."""
    shown = reply if len(reply) <= _SHOWN_REPLY else f"{reply[:_SHOWN_REPLY]}\n[... cut]"
    said = (
        render("execute.checks", key, failures=Data(problem))
        if kind == "checks"
        else render("execute.retry", key, problem=Data(problem))
    )
    return (
        Message(role="assistant", content=shown or "(nothing)"),
        Message(role="user", content=said.text),
    )


def _document(turn: Mapping[str, Any], reply: Reply | PrenticeError) -> dict[str, Any]:
    if isinstance(reply, PrenticeError):
        return {"sample": turn["sample"], "text": "", "error": reply.message, "cut": False}
    is_cut = reply.finish != "stop"
    error = ""
    if is_cut:
        error = "The reply only repeated itself." if reply.finish == "repetition" else "The reply hit its length limit."
    return {"sample": turn["sample"], "text": reply.text, "error": error, "cut": is_cut}
