"""The end of the ladder: a task given back to the user's assistant, with all that it needs to go on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prentice.prompts.render import Data, render
from prentice.skills.task_text import result_wanted
from prentice.tasks import sections

_DIFF: Final = 6_000
"""Letters of the last change that are shown; what was tried in vain is not worth more."""
_WHY: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One rung of the ladder: who tried, and why it stopped there."""

    rung: str
    who: str
    why: str

    def document(self) -> dict[str, str]:
        """Give it as JSON."""
        return {"rung": self.rung, "who": self.who, "why": self.why}

    @property
    def sentence(self) -> str:
        """Say it in a line."""
        return f"{self.who}: {self.why[:_WHY]}"


def handoff(
    *, task: str, name: str, description: str, files: Sequence[str], checks: Mapping[str, str],
    tried: Sequence[Tried], why: str, diff: str = "", remarks: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Write the handoff: to whom, why, a prompt that stands by itself, the files, and what was tried.

    `remarks` are what a person said of an earlier change, and that change.
    """
    shown = diff if len(diff) <= _DIFF else f"{diff[:_DIFF]}\n[... cut]"
    prompt = render(
        "execute.handoff",
        task=Data(f"{name}\n\n{sections.restore_breaks(description)}".strip()),
        criteria=Data("\n".join(f"- {criterion}" for criterion in sections.parse(description).criteria)),
        files=Data("\n".join(files)),
        checks=Data("\n".join(f"{kind}: {command}" for kind, command in checks.items())),
        tried=Data("\n".join(f"- {item.sentence}" for item in tried) or "nothing: no model could be asked"),
        change=Data(shown),
        remarks=Data(remarks),
        result=result_wanted(task),
    )
    return {
        "to": "assistant",
        "why": why,
        "prompt": prompt.text,
        "files": list(files),
        "tried": [item.document() for item in tried],
    }
