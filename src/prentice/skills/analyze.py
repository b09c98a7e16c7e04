"""The analyzer: from a task and what is known of it to an assessment, by facts and a readable policy table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prentice.context import mentions
from prentice.skills.analysis.category import category
from prentice.skills.analysis.facts import Facts, gather
from prentice.skills.analysis.policy import Policy, Row, default_policy
from prentice.skills.analysis.questions import Question, questions
from prentice.skills.analysis.reading import Reading, read
from prentice.skills.estimate import Estimate, Finished, estimate
from prentice.tasks.plan import Category, Complexity, Lane, RepositoryFacts
from prentice.tasks.record import Task

_QUOTE_LENGTH: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why: the rule, its sentence, and the words of the task, path or value that it rests on, verbatim."""

    rule: str
    says: str
    evidence: str

    def document(self) -> dict[str, str]:
        """Give the reason as JSON values."""
        return {"rule": self.rule, "says": self.says, "evidence": self.evidence}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What the analyzer says of a task."""

    task: str
    complexity: Complexity
    category: Category
    lane: Lane
    can_auto_execute: bool
    """Whether the local model may try it now: its lane is `execute` and no unfinished task stands before it."""
    needs_breakdown: bool
    needs_human: bool
    """Whether a person has to decide or approve: complex work, and questions that only a person can answer."""
    reasons: tuple[Reason, ...]
    questions: tuple[str, ...]
    estimate: Estimate

    def document(self) -> dict[str, object]:
        """Give the assessment as the JSON document of the contract."""
        return {
            "task": self.task, "complexity": self.complexity, "category": self.category, "lane": self.lane,
            "can_auto_execute": self.can_auto_execute, "needs_breakdown": self.needs_breakdown,
            "needs_human": self.needs_human, "reasons": [reason.document() for reason in self.reasons],
            "questions": list(self.questions), "estimate": self.estimate.document(),
        }  # fmt: skip


def analyze(
    task: Task, *, repository: RepositoryFacts, dependencies: Mapping[str, str] | None = None, dependents: int = 0,
    policy: Policy | None = None, history: Sequence[Finished] = (),
) -> Assessment:  # fmt: skip
    """Assess a task: how complex it is, of what kind, and where it goes next, each with its reasons.

    `repository` is what `survey` found for this task's text; `dependencies` maps the ids that the task depends on to
    their status (one that is absent counts as unfinished), `dependents` counts the tasks that wait for it, `history`
    are finished tasks of the project for the estimate. Deterministic; touches nothing.
    """
    policy = policy or default_policy()
    reading = read(task)
    facts = gather(task, reading, repository=repository, dependencies=dependencies or {}, dependents=dependents)
    numbers = {name: fact.value for name, fact in facts.values.items()}
    complexity, complexity_row = policy.complexity(numbers)
    lane, lane_row = policy.lane(numbers, complexity=complexity)
    kind = category(
        reading, paths=mentions.paths(f"{reading.name}\n{reading.lead}"), tags=task.tags, moves=bool(facts["moves"])
    )
    asked = questions(reading, facts)
    reasons = [
        _reason(complexity_row, facts), _reason(lane_row, facts),
        *_further(task, facts, repository=repository, asked=asked),
    ]  # fmt: skip
    return Assessment(
        task=task.id or task.name,
        complexity=complexity,
        category=kind,
        lane=lane,
        can_auto_execute=lane == "execute" and not facts.waiting,
        needs_breakdown=lane == "breakdown",
        needs_human=complexity == "complex" or lane == "human" or any(question.for_person for question in asked),
        reasons=tuple(_verbatim(reason, task, reading, facts, repository) for reason in reasons),
        questions=tuple(question.text for question in asked),
        estimate=estimate(task, complexity=complexity, category=kind, parts=_parts(facts), history=history),
    )


def _parts(facts: Facts) -> int:
    """Count the parts of the work as the estimate sees them; a change of technology or a whole system has many."""
    counted = max(facts["goals"], facts["steps"], facts["targets"])
    return max(counted, 9 * facts["moves"], 6 * facts["system_object"] * facts["spread"])


def _reason(row: Row, facts: Facts) -> Reason:
    quoted = next((fact.evidence[0] for name in row.quotes if (fact := facts.values[name]).evidence), "")
    return Reason(rule=row.rule, says=row.says, evidence=quoted)


def _further(task: Task, facts: Facts, *, repository: RepositoryFacts, asked: Sequence[Question]) -> Iterator[Reason]:
    """Give what else a reader wants to know: risks, what it waits for, what is open, how it can be checked."""
    for risk in facts.risks:
        yield from (_because(f"risk-{risk.matter}", f"It touches {risk.label}.", quote) for quote in risk.evidence[:3])
    if facts.risks and task.priority in {"critical", "high"}:
        yield _because("priority", "Its priority makes a mistake weigh more.", task.priority)
    yield from (_because("waiting", "It waits for this task, which is not finished.", name) for name in facts.waiting)
    yield from (_because("missing", "This is not in the repository.", path) for path in facts.missing)
    unread = facts.values["unread"].evidence
    yield from (_because("unreadable", "This part could not be read either.", text) for text in unread[1:3])
    open_points = (question.evidence for question in asked if question.for_person)
    yield from (
        _because("open-question", "Only a person can answer what this leaves open.", point) for point in open_points
    )
    if facts["has_tests"]:
        yield _because("has-tests", "This command can check a change.", repository.checks["test"])
    elif repository.manifests:
        says = "The build files name no command that runs tests, so a change can only be read."
        yield _because("no-tests", says, repository.manifests[0])


def _because(rule: str, says: str, evidence: str) -> Reason:
    return Reason(rule=rule, says=says, evidence=evidence)


def _verbatim(reason: Reason, task: Task, reading: Reading, facts: Facts, repository: RepositoryFacts) -> Reason:
    """Hold a reason to its word: evidence is a part of the task's text, a path, or a stated value, and not long."""
    found = (path for name in repository.named_paths for path in name.found)
    values = (task.priority, *task.dependencies, *repository.manifests, *repository.checks.values())
    stated = {*values, *found, *facts.targets, *facts.missing}
    quote = reason.evidence
    if quote in stated and quote:
        return reason
    if len(quote) > _QUOTE_LENGTH:
        quote = quote[:_QUOTE_LENGTH].rsplit(" ", 1)[0]
    while quote and quote not in task.text:
        quote = quote.rpartition(" ")[0]
    return Reason(rule=reason.rule, says=reason.says, evidence=quote or _first_words(task, reading))


def _first_words(task: Task, reading: Reading) -> str:
    return reading.goal if reading.goal in task.text else (task.text.strip().splitlines() or [""])[0][:_QUOTE_LENGTH]
