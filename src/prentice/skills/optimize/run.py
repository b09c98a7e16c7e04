"""The run that optimizes a prompt: examine, put what is known in its place, let a model reword the rest, keep the best.

A rewrite is taken only if no guard objects and the checklist shows a strict gain; else the incumbent stays, and the
original is the first of them. Between its steps the body computes, and nothing else.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Final, Literal, TypeVar

from pydantic import BaseModel

from prentice.backends.asking import Answer as Asked
from prentice.backends.asking import attempt
from prentice.backends.protocol import Request
from prentice.backends.router import Choice
from prentice.errors import TimedOutError
from prentice.prompts.tuned import ModelKey
from prentice.runs.protocol import Json, Step, StepContext
from prentice.runs.registry import Need, Registry
from prentice.skills.optimize import grounds as lookups
from prentice.skills.optimize.assembly import assemble
from prentice.skills.optimize.candidates import Candidate, Patch, patched
from prentice.skills.optimize.checklist import Claim, left_to_readers
from prentice.skills.optimize.examination import Examination, examine
from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.guards.guard import objections
from prentice.skills.optimize.language import reads_as_english
from prentice.skills.optimize.model_key import tuned_for
from prentice.skills.optimize.optimization import Optimization, Spent, StopReason
from prentice.skills.optimize.replies import (
    JUDGE,
    PROPOSE,
    PURPOSE,
    TEMPERATURES,
    JudgeReply,
    ProposalReply,
    judge_request,
    propose_request,
    version,
)
from prentice.skills.reporting import pieces_told
from prentice.skills.services import Services

OPTIMIZE: Final = "optimize"
MAX_ROUNDS: Final = 3
MAX_REJECTED_ROUNDS: Final = 2
MAX_CALLS: Final = 14
"""Calls to a model: two readings to begin with, and in each round two candidates, each read once."""
_SHOWN_REASONS: Final = 3
_BUILTIN: Final = "builtin"
_RULES: Final = "rules"

T = TypeVar("T", bound=BaseModel)


def register(registry: Registry[Services]) -> None:
    """Register the body and its steps."""
    registry.add_body(OPTIMIZE, optimize)
    registry.add_step("optimize.gather", gather)
    registry.add_step("optimize.choose", choose_backend)
    registry.add_step("optimize.judge", judge, needs=server)
    registry.add_step("optimize.propose", propose, needs=server)


@dataclass(slots=True, kw_only=True)
class _Course:
    """How far one run has come. Nothing of it is kept: the steps' results lead to the same course again."""

    step: Step
    grounds: Grounds
    best: Examination
    backend: str
    model: str
    max_calls: int
    ends: float
    calls: int = 0
    prompt_tokens: int = 0
    reply_tokens: int = 0
    rounds: int = 0
    candidates: int = 0
    rejected: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    templates: set[str] = field(default_factory=set)

    @property
    def has_model(self) -> bool:
        """Whether a model is there to be asked."""
        return self.backend != _BUILTIN

    async def is_spent(self) -> bool:
        """Whether no further call may be made."""
        return self.calls >= self.max_calls or await self.step.now() >= self.ends

    async def ask(self, name: str, **arguments: Json) -> Json:
        """Do a step that calls a model, and count what it took."""
        answer = await self.step.do(
            name, calls_left=self.max_calls - self.calls, seconds=self.ends - await self.step.now(), **arguments
        )
        self.calls += answer["calls"]
        self.prompt_tokens += answer["prompt_tokens"]
        self.reply_tokens += answer["reply_tokens"]
        self.backend, self.model = answer["backend"], answer["model"]
        self.templates |= {answer["template"]} if answer["template"] else set()
        return answer

    async def examined(self, text: str) -> Examination:
        """Examine a text: by the rules, and where they cannot tell and a model is there, by its reading too."""
        by_rules = examine(text, self.grounds)
        if not self.has_model or not left_to_readers(by_rules.answers) or await self.is_spent():
            return by_rules
        answer = await self.ask("optimize.judge", text=text, grounds=self.grounds.document())
        return examine(text, self.grounds, claims=[Claim(**claim) for claim in answer["claims"]])


async def optimize(step: Step, arguments: Mapping[str, Json]) -> Json:
    """Carry one optimization and give its document.

    Arguments: `task` (an id, or empty), `text`, `context`, `answers` (by what a question is about),
    `preferred_backend`, `max_calls`, `seconds`.
    """
    started = await step.now()
    found = await step.do(
        "optimize.gather", text=arguments["text"], context_text=arguments["context"], answers=arguments["answers"]
    )
    chosen = await step.do("optimize.choose", preferred_backend=arguments["preferred_backend"])
    grounds = Grounds.from_document(found)
    course = _Course(
        step=step, grounds=grounds, best=examine(grounds.text, grounds), backend=chosen["backend"],
        model=chosen["model"], max_calls=arguments["max_calls"], ends=started + arguments["seconds"],
    )  # fmt: skip
    first = await course.examined(grounds.text)
    course.best = await _baseline(course, first)
    stop_reason = await _reworded(course)
    spent = Spent(
        calls=course.calls, prompt_tokens=course.prompt_tokens, reply_tokens=course.reply_tokens,
        seconds=await step.now() - started,
    )  # fmt: skip
    return Optimization.of(
        course.best, first=first, grounds=grounds, rounds=course.rounds, stop_reason=stop_reason,
        rejected=course.rejected, spent=spent, backend=course.backend, model=course.model,
        templates=sorted(course.templates),
    ).document()  # fmt: skip


async def _baseline(course: _Course, first: Examination) -> Examination:
    """Give the deterministic rewrite where it is a gain, else the original. What the user answered is always one."""
    text = assemble(first, course.grounds)
    course.seen |= {_digest(first.text), _digest(text)}
    if text == first.text:
        return first
    if found := objections(text, course.grounds):
        course.rejected.append(f"The rewrite by rules: {found[0].sentence}")
        return first
    rewritten = await course.examined(text)
    takes_answers = any(answer in text and answer not in first.text for answer in course.grounds.answers.values())
    return rewritten if takes_answers or rewritten.is_better_than(first) else first


async def _reworded(course: _Course) -> StopReason:
    """Let a model reword what other words can mend, round by round, and say why it ended."""
    if not reads_as_english(course.grounds.text):
        return "language_not_read"
    rejected_rounds = 0
    while True:
        if not _targets(course.best):
            return "only_the_user_can_answer" if course.best.questions else "nothing_to_improve"
        if not course.has_model:
            return "no_model"
        if course.rounds == MAX_ROUNDS:
            return "three_rounds"
        course.rounds += 1
        match await _round(course):
            case "accepted":
                rejected_rounds = 0
            case "rejected":
                rejected_rounds += 1
            case stop_reason:
                return stop_reason
        if rejected_rounds == MAX_REJECTED_ROUNDS:
            return "two_rounds_rejected"


async def _round(course: _Course) -> Literal["accepted", "rejected", "candidate_seen", "budget"]:
    """Ask for the candidates of one round and keep the best; say whether one was kept, or why no other round helps."""
    incumbent = course.best
    outcome: Literal["accepted", "rejected"] = "rejected"
    earlier = frozenset(course.seen)
    for _ in TEMPERATURES:
        if await course.is_spent():
            return "budget"
        candidate = await _candidate(course, incumbent)
        digest = _digest(candidate.text)
        if candidate.text == incumbent.text or (digest in course.seen and digest not in earlier):
            continue  # it changes nothing, or its twin of this round was judged already
        if digest in earlier:
            return "accepted" if outcome == "accepted" else "candidate_seen"
        course.seen.add(digest)
        rewritten = await course.examined(candidate.text)
        if rewritten.is_better_than(course.best):
            course.best, outcome = rewritten, "accepted"
        else:
            course.rejected += [f"{_shown(patch)}: no question of the checklist gains." for patch in candidate.kept]
    return outcome


async def _candidate(course: _Course, incumbent: Examination) -> Candidate:
    """Ask for one candidate, and note what of it was refused."""
    answer = await course.ask(
        "optimize.propose", text=incumbent.text, grounds=course.grounds.document(), targets=_targets(incumbent),
        rejected=list(course.rejected), number=course.candidates,
    )  # fmt: skip
    course.candidates += 1
    course.rejected += answer["problems"]
    candidate = patched(incumbent.text, [Patch(**patch) for patch in answer["patches"]], course.grounds)
    course.rejected += [
        f"{_shown(refused.patch)}: {' '.join(refused.why[:_SHOWN_REASONS])}" for refused in candidate.refused
    ]
    return candidate


def _targets(examined: Examination) -> list[str]:
    """Give what other words can mend, as sentences for the model."""
    return [f"{finding.says} “{finding.quote}” {finding.hint}" for finding in examined.rewordable]


def _shown(patch: Patch) -> str:
    return f"“{_short(patch.old)}” to “{_short(patch.new)}”"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else f"{text[:79]}…"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


async def gather(context: StepContext[Services], *, text: str, context_text: str, answers: Mapping[str, str]) -> Json:
    """Look up what the prompt speaks of."""
    directory = context.services.directory
    found = await asyncio.to_thread(lookups.gather, directory, text, context=context_text, answers=answers)
    return found.document()


async def choose_backend(context: StepContext[Services], *, preferred_backend: str) -> Json:
    """Choose the model; the built-in rules mean that there is none."""
    choice = await context.services.choice(PURPOSE, preferred_backend=preferred_backend)
    is_rules = choice.backend.name == _BUILTIN
    return {"backend": choice.backend.name, "model": _RULES if is_rules else choice.model}


async def server(services: Services, _arguments: Mapping[str, Json]) -> Need | None:
    """Say which server the question goes to."""
    return await services.server(PURPOSE)


async def judge(context: StepContext[Services], *, text: str, grounds: Json, calls_left: int, seconds: float) -> Json:
    """Put to a model what the rules cannot tell of a text; a reply that cannot be used claims nothing."""
    criteria = left_to_readers(examine(text, Grounds.from_document(grounds)).answers)
    idle = context.services.settings.idle_seconds

    def request(model: ModelKey | None) -> Request:
        return judge_request(text, criteria, deadline=seconds, idle=idle, model=model)

    answer, spent = await _ask(
        context, request, JudgeReply, templates=(JUDGE, "optimize_judge.user"), calls_left=calls_left, seconds=seconds
    )
    claims = answer.value.claims(criteria) if answer and answer.value else ()
    return {**spent, "claims": [asdict(claim) for claim in claims]}


async def propose(
    context: StepContext[Services], *, text: str, grounds: Json, targets: list[str], rejected: list[str], number: int,
    calls_left: int, seconds: float,
) -> Json:  # fmt: skip
    """Ask a model for the patches of one candidate; a reply that cannot be used has problems instead."""
    known = Grounds.from_document(grounds)
    examined, idle = examine(text, known), context.services.settings.idle_seconds

    def request(model: ModelKey | None) -> Request:
        return propose_request(
            examined, targets, known, rejected=rejected, number=number, deadline=seconds, idle=idle, model=model
        )

    answer, spent = await _ask(
        context, request, ProposalReply, templates=(PROPOSE, "optimize_propose.user"), calls_left=calls_left,
        seconds=seconds,
    )  # fmt: skip
    patches = answer.value.proposed(targets) if answer and answer.value else ()
    problems = [f"A reply that could not be used: {problem}" for problem in (answer.problems if answer else ())][:1]
    return {**spent, "patches": [asdict(patch) for patch in patches], "problems": problems}


async def _ask(
    context: StepContext[Services],
    request_for: Callable[[ModelKey | None], Request],
    kind: type[T],
    *,
    templates: tuple[str, str],
    calls_left: int,
    seconds: float,
) -> tuple[Asked[T] | None, dict[str, Json]]:
    """Ask once, of the next backend where one fails; nothing comes back where only rules or no calls are left."""
    services = context.services
    await services.choice(PURPOSE)
    calls = 0
    template = ""
    took_over: list[str] = []
    told = pieces_told(context)

    async def asked(choice: Choice, left: float) -> Asked[T] | None:
        nonlocal calls, template
        if choice.backend.name == _BUILTIN or calls >= calls_left:
            return None
        calls += 1
        because = took_over[-1] if took_over else ""
        report = {"doing": "asking", "backend": choice.backend.name, "model": choice.model, "again": False}
        context.report({**report, "because": because})
        model = await tuned_for(choice, *templates)
        template = version(templates[0], model)
        return await attempt(
            choice.backend,
            replace(request_for(model), model=choice.model, deadline=max(0.001, min(left, seconds))),
            kind, recorder=services.recorder, on_piece=told, prompt_version=template,
        )  # fmt: skip

    begun = time.monotonic()
    try:
        answer = await services.answer(PURPOSE, asked, on_fallback=took_over.append)
    except TimedOutError:
        if time.monotonic() - begun < seconds:
            raise
        answer = None  # the run's own time is up, and what it has is kept
    choice = await services.choice(PURPOSE)
    reply = answer.reply if answer else None
    if reply:
        context.report({"doing": "done", "tokens": reply.reply_tokens, "seconds": reply.total})
    is_rules = choice.backend.name == _BUILTIN
    return answer, {
        "calls": calls,
        "prompt_tokens": reply.prompt_tokens if reply else 0,
        "reply_tokens": reply.reply_tokens if reply else 0,
        "backend": choice.backend.name,
        "model": _RULES if is_rules else (reply.model if reply else choice.model),
        "template": template,
    }
