"""Both ends of a flow: what a task's text leaves open, and the handoff of every lane that has no worker here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prentice.prompts.render import Data, render
from prentice.skills.analyze import Assessment
from prentice.skills.optimize.grounds import gather
from prentice.skills.optimize.lint import lint
from prentice.skills.task_text import result_wanted
from prentice.tasks import sections
from prentice.tasks.record import Task

_READ: Final = 8_000
"""Characters that are linted; long texts repeat their faults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """A task given back: to whom, why, and a prompt that stands by itself."""

    to: str
    why: str
    prompt: str
    files: tuple[str, ...]

    def document(self) -> dict[str, object]:
        """Give the handoff as JSON values."""
        return {"to": self.to, "why": self.why, "prompt": self.prompt, "files": list(self.files)}


def handoff(task: Task, assessment: Assessment, *, files: tuple[str, ...] = ()) -> Handoff:
    """Write the handoff of an assessed task."""
    to = "human" if assessment.lane == "human" else "assistant"
    criteria = sections.parse(task.description).criteria
    reasons = [f"- {reason.says} ({reason.evidence})" for reason in assessment.reasons]
    prompt = render(
        "handoff",
        task=Data(task.text),
        criteria=Data("\n".join(f"- {criterion}" for criterion in criteria)),
        reasons=Data("\n".join(reasons)),
        questions=Data("\n".join(f"- {question}" for question in assessment.questions)),
        result=result_wanted(task.id),
    )
    return Handoff(to=to, why=assessment.reasons[0].says, prompt=prompt.text, files=files)


def linted(root: Path, task: Task) -> list[dict[str, Any]]:
    """Give what the linter finds in a task's text, in the light of the repository; instant, and without a model."""
    text = f"{task.name}\n\n{sections.restore_breaks(task.description)}".strip()[:_READ]
    return [finding.document() for finding in lint(text, gather(root, text))]
