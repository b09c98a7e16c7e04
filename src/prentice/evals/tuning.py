"""Tuning a template for one model: search on some examples, decide on others, and keep the winner as data.

The default stays unless the winner is better on the part of the examples that the search never saw.
"""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from prentice.backends.protocol import Backend, Recorder
from prentice.config import Settings, data_directory
from prentice.errors import UsageError
from prentice.evals.answering import Answering, BudgetSpent, ModelFailed
from prentice.evals.bullets import bullets
from prentice.evals.examples import Example, Parts, digest, shared_out
from prentice.evals.journal import Journal
from prentice.evals.proposing import Proposer
from prentice.evals.trials import trial_of
from prentice.extras import install_command
from prentice.prompts.template import Template, default
from prentice.prompts.tuned import ModelKey, Tuned, keep_tuned
from prentice.skills.optimize.word_diff import word_diff

DEFAULT_CALLS: Final = 200
"""Replies of one tuning: 15 to 30 times the validation part is what gepa's authors advise, and a laptop can bear."""

Why = Literal["better", "not_better", "nothing_found"]

WHY: Final[dict[Why, str]] = {
    "better": "It is better on the examples that were held out, so it is used for this model from now on.",
    "not_better": "It is no better on the examples that were held out, so the default stays.",
    "nothing_found": "No candidate was better than the default, so the default stays.",
}
STOPS: Final[dict[str, str]] = {
    "budget": "The budget of calls was used up.",
    "no_improvement": "Ten rounds in a row brought nothing better.",
    "unusable_proposals": "The model's proposals could not be used, several times in a row.",
    "nothing_to_learn": "The default answers every example rightly that could be learned from.",
    "perfect": "A candidate answers every example of the validation part rightly.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """How a tuning ended. Scores are shares, 0 to 1; `calls` counts all replies, `calls_now` those of this process."""

    template: Template
    model: ModelKey
    why: Why
    stop_reason: str
    body: str
    validation: tuple[float, float]
    held_out: tuple[float, float] | None
    examples: dict[str, int]
    calls: int
    calls_now: int
    failures: int
    proposals: int
    unusable: int
    tried: tuple[str, ...]
    seconds: float
    path: Path | None = None

    @property
    def adopted(self) -> bool:
        """Whether the winner took the default's place."""
        return self.why == "better"

    def document(self) -> dict[str, object]:
        """Give it as JSON values."""
        scores = {"validation": self.validation, **({"held_out": self.held_out} if self.held_out else {})}
        return {
            "template": self.template.name, "version": self.template.version, "model": self.model.name,
            "quantization": self.model.quantization, "adopted": self.adopted, "why": self.why,
            "says": f"{WHY[self.why]} {STOPS[self.stop_reason]}", "stop_reason": self.stop_reason,
            "scores": {part: {"default": pair[0], "tuned": pair[1]} for part, pair in scores.items()},
            "examples": self.examples, "calls": self.calls, "calls_now": self.calls_now, "failures": self.failures,
            "proposals": self.proposals, "unusable": self.unusable, "tried": list(self.tried),
            "diff": word_diff(self.template.body, self.body), "path": str(self.path) if self.path else None,
            "seconds": round(self.seconds, 3),
        }  # fmt: skip


def tune(
    name: str,
    examples: tuple[Example, ...],
    *,
    backend: Backend,
    model: ModelKey,
    runner: asyncio.Runner,
    settings: Settings,
    calls: int = DEFAULT_CALLS,
    recorder: Recorder | None = None,
    on_candidate: Callable[[int, float], None] = lambda _number, _score: None,
) -> Tuning:
    """Tune a template for a model, within so many replies in all; what an earlier process got counts and is used.

    Raises:
        UsageError: gepa is missing, the budget is too small, or the template or an example cannot be used.
        ConfigError: there is no such template.
        BackendError: the model fails again and again; what it answered is kept.
    """
    if find_spec("gepa") is None:
        raise UsageError("Tuning needs gepa.", next_step=f"Install it: `{install_command('tune')}`.")
    from prentice.evals.search import Search  # noqa: PLC0415 - it needs gepa, which is an extra

    begun = time.monotonic()
    template, parts = default(name), shared_out(examples)
    _check(template, parts, calls=calls)
    journal = Journal(journal_path(template, model, examples))
    had = len(journal)
    reserve = 2 * len(parts.held_out)
    answering = Answering(backend, runner=runner, journal=journal, limit=calls - reserve, recorder=recorder)
    proposer = Proposer(
        default=template, examples=tuple(text for item in examples for text in item.texts), model=model.name,
        deadline=settings.deadline_seconds, idle=settings.idle_seconds,
    )  # fmt: skip
    search = Search(
        trial=trial_of(name, model=model.name, settings=settings), proposer=proposer, answering=answering, parts=parts,
        on_candidate=on_candidate,
    )  # fmt: skip
    try:
        found = search.run()
        answering.limit = calls
        held_out = search.decided(found.body) if found.body != template.body else None
    except ModelFailed as failed:
        failed.error.details["calls_kept"] = len(journal)
        raise failed.error from None
    except BudgetSpent:
        raise _too_few(parts) from None
    why: Why = "nothing_found" if held_out is None else "better" if held_out[1] > held_out[0] else "not_better"
    ended = Tuning(
        template=template, model=model, why=why, stop_reason=found.stop_reason, body=found.body,
        validation=(found.default_score, found.score), held_out=held_out, examples=parts.sizes, calls=answering.used,
        calls_now=len(journal) - had, failures=answering.failures, proposals=found.proposals, unusable=found.unusable,
        tried=tuple(proposer.tried), seconds=time.monotonic() - begun,
    )  # fmt: skip
    return replace(ended, path=_keep(ended)) if ended.adopted else ended


def journal_path(template: Template, model: ModelKey, examples: tuple[Example, ...]) -> Path:
    """Give the journal's file: another text, other examples or another model begin another journal."""
    told = hashlib.sha256(f"{template.digest} {digest(examples)}".encode()).hexdigest()[:12]
    return data_directory(os.environ) / "tuning" / template.name / f"{model.slug}-{told}.jsonl"


def _keep(ended: Tuning) -> Path:
    return keep_tuned(
        Tuned(
            template=ended.template.name, base=ended.template.digest, base_version=ended.template.version,
            model=ended.model.name, quantization=ended.model.quantization, text=ended.body,
            made=datetime.now(UTC).isoformat(timespec="seconds"), calls=ended.calls, examples=ended.examples,
            scores={
                "validation": {"default": ended.validation[0], "tuned": ended.validation[1]},
                "held_out": {"default": ended.held_out[0], "tuned": ended.held_out[1]} if ended.held_out else {},
            },
        )
    )  # fmt: skip


def _check(template: Template, parts: Parts, *, calls: int) -> None:
    if not bullets(template.body):
        raise UsageError(
            f"{template.name} has no instruction bullets that could be tuned.",
            next_step="Name a template whose instructions are lines that begin with `- `: `prentice eval templates`.",
        )
    if calls < _fewest(parts):
        raise _too_few(parts)


def _fewest(parts: Parts) -> int:
    """Give the calls for one candidate: the default and it on the validation part and held-out part, and a proposal."""
    return 2 * (len(parts.validation) + len(parts.held_out)) + 2 * min(3, len(parts.train)) + 1


def _too_few(parts: Parts) -> UsageError:
    return UsageError(
        f"So few calls do not pay for one candidate; these examples need {_fewest(parts)} at least.",
        next_step=f"Give more: `--calls {max(DEFAULT_CALLS, 4 * _fewest(parts))}`.",
    )
