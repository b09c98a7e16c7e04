"""From a task and its assessment to what the work needs of a model."""

from collections.abc import Collection
from pathlib import PurePosixPath

from prentice.backends.routing.need import Need
from prentice.backends.routing.policy import load_policy
from prentice.backends.routing.track_record import TrackRecord
from prentice.config import Settings
from prentice.context import mentions
from prentice.context.definitions import SOURCE_SUFFIXES
from prentice.errors import UsageError
from prentice.skills.analyze import Assessment
from prentice.tasks.record import Task


def need_of(
    task: Task, assessment: Assessment, *, settings: Settings, record: TrackRecord | None = None, purpose: str = ""
) -> Need:
    """Say what a task needs of a model. An empty `purpose` is the one that the task's lane leads to.

    Raises:
        UsageError: there is no such purpose.
        ConfigError: the settings for the choice make no sense.
    """
    policy = load_policy(settings.policy.get("models"))
    if purpose and purpose not in policy.purposes:
        raise UsageError(
            f"There is no kind of call named {purpose!r}.", next_step=f"Use one of {', '.join(policy.purposes)}."
        )
    purpose = purpose or usual_purpose(assessment)
    return policy.need(
        purpose,
        category=assessment.category,
        names_source=names_source(mentions.paths(task.text), mentions.symbols(task.text)),
        deadline=settings.deadline_seconds,
        preferred_backend=task.preferred_backend,
        sizes=record.sizes(purpose) if record else None,
    )


def usual_purpose(assessment: Assessment) -> str:
    """Give the call that a task leads to: a plan where it is broken down, a review, else its execution."""
    if assessment.lane == "breakdown":
        return "breakdown"
    return "code_review" if assessment.category == "code_review" else "execute"


def names_source(paths: Collection[str], symbols: Collection[str]) -> bool:
    """Whether a text names a source file or a symbol of a program."""
    return bool(symbols) or any(PurePosixPath(path).suffix.casefold() in SOURCE_SUFFIXES for path in paths)
