"""What a person wants different in a plan, as an assistant passes it on; and the plan that this makes."""

# ruff: noqa: PLC0415 - what plans is loaded by the first call that needs it, not by the start

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from prentice.errors import ProposalError
from prentice.tasks.plan import Category, Complexity

if TYPE_CHECKING:
    from prentice.skills.breakdown.proposal import Proposal

Edits: TypeAlias = Mapping[str, Mapping[str, Any]]


def _on_one_line(text: str) -> str:
    line = " ".join(text.split())
    if any(unicodedata.category(letter) == "Cc" for letter in line):
        raise ValueError("it holds a control character")
    return line


_Line: TypeAlias = Annotated[str, StringConstraints(max_length=4_000), AfterValidator(_on_one_line)]
_Words: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(_on_one_line)
]


class SubtaskEdit(BaseModel):
    """Fields of a subtask that shall be different."""

    model_config = ConfigDict(extra="forbid")
    name: _Words | None = None
    description: _Line | None = None
    acceptance_criteria: Annotated[tuple[_Words, ...], Field(min_length=1, max_length=20)] | None = None
    complexity: Complexity | None = None
    category: Category | None = None
    dependencies: Annotated[tuple[_Words, ...], Field(max_length=20)] | None = None


def edited(proposal: "Proposal", edits: Edits) -> "Proposal":
    """Give a plan with the person's changes, its texts on one line each, as those of a model are.

    Raises:
        ProposalError: a key or a field does not exist, or the plan does not hold together any more.
    """
    from prentice.skills.breakdown.checks import structure_problems

    if not edits:
        return proposal
    known = {subtask.key: subtask for subtask in proposal.subtasks}
    if unknown := [key for key in edits if key not in known]:
        raise ProposalError(
            f"{proposal.id} has no subtask {', '.join(unknown)}.", next_step=f"Its keys are: {', '.join(known)}."
        )
    for key, fields in edits.items():
        known[key] = replace(known[key], **_checked(key, fields))
    plan = tuple(known.values())
    if found := structure_problems(plan):
        raise ProposalError(
            f"With these changes the plan does not hold together: {'; '.join(found)}.",
            next_step=f"Correct `edits`. The plan's keys are: {', '.join(known)}.",
        )
    return proposal.with_subtasks(plan)


def _checked(key: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return SubtaskEdit.model_validate(fields).model_dump(exclude_none=True)
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3])
        raise ProposalError(
            f"The changes of {key} do not fit: {said}.", next_step=f"Fields are: {', '.join(SubtaskEdit.model_fields)}."
        ) from error
