"""The shape of a plan as a backend answers it: the JSON Schema that constrains it, and the type that validates it.

Every string and list is bounded, so that a constrained reply from any weights can end within the token limit.
"""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from prentice.tasks.plan import CATEGORIES, COMPLEXITIES, Category, Complexity, Subtask

KEY_LENGTH: Final = 24
NAME_LENGTH: Final = 80
DESCRIPTION_LENGTH: Final = 280
CRITERION_LENGTH: Final = 120
MAX_CRITERIA: Final = 5
MAX_DEPENDENCIES: Final = 4
MAX_COVERS: Final = 6

_MOST_KEY: Final = 64
_PLAIN_KEY: Final = re.compile(r"\w[\w.-]*")


def _plain_key(text: str) -> str:
    """Give a key that can stand in a list with commas and on a line of the edit form; blanks in it become dashes."""
    key = "-".join(text.split(" "))
    if not _PLAIN_KEY.fullmatch(key):
        raise ValueError("a key begins with a letter or digit, and has only those, dashes, underscores and dots")
    return key


_Key = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_MOST_KEY), AfterValidator(_plain_key)
]
_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class SubtaskReply(BaseModel):
    """One subtask of a reply. Bounds are wider than the schema's: a server that ignores them is not thereby wrong."""

    model_config = ConfigDict(frozen=True)

    key: _Key
    name: _Line
    description: str = Field(default="", max_length=4000)
    acceptance_criteria: tuple[_Line, ...] = Field(min_length=1, max_length=20)
    complexity: Complexity
    category: Category = "other"
    dependencies: tuple[_Key, ...] = ()
    covers: tuple[int, ...] = ()

    def subtask(self) -> Subtask:
        """Give the subtask as the plan's own record, with runs of white space folded."""
        return Subtask(
            key=self.key,
            name=" ".join(self.name.split()),
            description=" ".join(self.description.split()),
            acceptance_criteria=tuple(" ".join(criterion.split()) for criterion in self.acceptance_criteria),
            complexity=self.complexity,
            category=self.category,
            dependencies=tuple(dict.fromkeys(self.dependencies)),
            covers=tuple(dict.fromkeys(self.covers)),
        )


class PlanReply(BaseModel):
    """A whole plan as a backend answers it."""

    model_config = ConfigDict(frozen=True)

    subtasks: tuple[SubtaskReply, ...]


def plan_schema(*, min_subtasks: int, max_subtasks: int, criteria: int) -> dict[str, object]:
    """Give the JSON Schema of a plan with bounds; `criteria` is the number of the parent's acceptance criteria."""

    def text(length: int) -> dict[str, object]:
        return {"type": "string", "minLength": 1, "maxLength": length}

    def texts(length: int, *, least: int, most: int) -> dict[str, object]:
        return {"type": "array", "items": text(length), "minItems": least, "maxItems": most}

    properties: dict[str, object] = {
        "key": text(KEY_LENGTH),
        "name": text(NAME_LENGTH),
        "description": text(DESCRIPTION_LENGTH),
        "acceptance_criteria": texts(CRITERION_LENGTH, least=3, most=MAX_CRITERIA),
        "complexity": {"type": "string", "enum": list(COMPLEXITIES)},
        "category": {"type": "string", "enum": list(CATEGORIES)},
        "dependencies": texts(KEY_LENGTH, least=0, most=MAX_DEPENDENCIES),
    }
    if criteria:
        numbers = {"type": "integer", "enum": list(range(1, criteria + 1))}
        properties["covers"] = {"type": "array", "items": numbers, "minItems": 0, "maxItems": min(criteria, MAX_COVERS)}
    subtask = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "subtasks": {"type": "array", "items": subtask, "minItems": min_subtasks, "maxItems": max_subtasks}
        },
        "required": ["subtasks"],
        "additionalProperties": False,
    }


def reply_limit(*, max_subtasks: int) -> int:
    """Give the token limit of a reply: the longest document the schema allows at one character a token.

    A character costs less than a token on average with any trained vocabulary, so that a reply which keeps to the
    schema ends before the limit even when random weights wrote it.
    """
    strings = KEY_LENGTH + NAME_LENGTH + DESCRIPTION_LENGTH + MAX_CRITERIA * (CRITERION_LENGTH + 4)
    strings += MAX_DEPENDENCIES * (KEY_LENGTH + 4) + MAX_COVERS * 4
    syntax = 180
    return 64 + max_subtasks * (strings + syntax)
