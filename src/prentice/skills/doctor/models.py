"""What is found of the models: is the one that was named here and able, and is there one that can do the work."""

from typing import Final

from prentice.backends.locality import Locality, permission
from prentice.backends.mlx.model_directory import fetching
from prentice.backends.protocol import ModelInfo
from prentice.backends.routing.candidate import Candidate
from prentice.backends.routing.decision import Decision, Refused, decide
from prentice.backends.routing.need import Need
from prentice.backends.routing.policy import load_policy
from prentice.backends.routing.survey import Survey, same_model, survey
from prentice.config import Settings
from prentice.skills.doctor.finding import Finding

_RECOMMEND: Final = "`prentice models recommend` names those that fit"


async def model_findings(settings: Settings) -> list[Finding]:
    """Look whether the named model, or any, can make a plan on this machine.

    Raises:
        BackendError: the named model would run elsewhere.
        ConfigError: the policy makes no sense.
    """
    found = await survey(settings, fresh=True)
    candidates = tuple(item for item in found.candidates if settings.backend in {"auto", item.backend})
    need = load_policy(settings.policy.get("models")).need("breakdown", deadline=settings.deadline_seconds)
    decision = decide(need, candidates, hardware=found.hardware, policy=load_policy(settings.policy.get("models")))
    if settings.model:
        return [_named(settings, found, candidates, decision)] if found.answering else []
    if candidates and not decision.order:
        return [_none(decision)]
    return []


def _named(settings: Settings, found: Survey, candidates: tuple[Candidate, ...], decision: Decision) -> Finding:
    """Judge the model that the user named."""
    name = settings.model
    held = [item for item in candidates if same_model(item.info, name)]
    if not held:
        Locality(allowed_remote_models=settings.allowed_remote_models).check_name(name)
        return Finding(
            check="model",
            ok=False,
            found=f"{name} is not installed{_instead(decision, ', but %s is')}",
            next_step=_fetch(name, found, settings),
        )
    refused = next((item for item in decision.refused if item.candidate in held), None)
    if refused is None or any(item.candidate in held for item in decision.order):
        return Finding(check="model", ok=True, found=f"{name} on {held[0].backend} can be used")
    step = _mending(refused, decision)
    return Finding(check="model", ok=False, found=f"{name}: {refused.why}", next_step=step)


def _none(decision: Decision) -> Finding:
    first = decision.refused[0]
    more = f", and {len(decision.refused) - 1} more cannot either" if len(decision.refused) > 1 else ""
    return Finding(
        check="models",
        ok=False,
        found=f"no installed model can be used: {first.candidate.name}: {first.why}{more}",
        next_step=_mending(first, decision),
    )


def _mending(refused: Refused, decision: Decision) -> str:
    """Say what helps a model that lacks what the work requires."""
    other = _instead(decision, "Use `--model %s`; ")
    match refused.requirement:
        case "allowed" if not _answers(refused.candidate.info):
            return f"{other}{_RECOMMEND}."
        case "allowed":
            allow = permission("allowed_remote_models", refused.candidate.name)
            return f"{other or f'{_RECOMMEND}; '}to allow it: {allow}."
        case "memory":
            return f"{other}{_RECOMMEND}."
        case "window":
            return f"{other}{_wider(refused.candidate.info, decision.need)}"
        case "deadline":
            return f"{other}{_RECOMMEND}; `calls.deadline_seconds` is the time that a call gets."
        case "text":
            return f"{other}{_RECOMMEND}."


def _answers(info: ModelInfo) -> bool:
    """Whether a model is for answers at all; one that says nothing is taken to be."""
    return not info.capabilities or "completion" in info.capabilities


def _wider(info: ModelInfo, need: Need) -> str:
    """Say how a window becomes wider, where that is in the user's hands."""
    if info.backend != "openai":
        return f"a window is a part of the model: {_RECOMMEND}."
    size = 1 << (need.window - 1).bit_length()
    return (
        f"start the server with a larger window: `llama-server --ctx-size {size}`, "
        f"`vllm serve --max-model-len {size}`, or `lms load --context-length {size}` in LM Studio."
    )


def _instead(decision: Decision, words: str) -> str:
    return words % decision.best.candidate.name if decision.best is not None else ""


def _fetch(name: str, found: Survey, settings: Settings) -> str:
    """Give the command that fetches a model to where it is looked for."""
    if settings.backend == "mlx" or ("/" in name and "ollama" not in found.answering):
        return f"`{fetching(name)}`"
    if settings.backend == "openai" or "ollama" not in found.answering:
        return f"Load {name} in the server that `openai.host` names, or leave `--model` out."
    return f"`prentice models pull {name}`"
