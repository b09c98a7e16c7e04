"""One task of the user's list, read tolerantly from whatever wrote the file.

The raw record stays the truth: `Task` is a view that knows which of the many spellings seen in the wild means what.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from prentice.tasks.claims import Claim, claim_of

STATUSES: Final = ("Todo", "In Progress", "Review", "Done")
PRIORITIES: Final = ("low", "medium", "high", "critical")
COMMENT_TYPES: Final = ("research_with_links", "result", "note", "manualsetup")

_STATUS_SPELLINGS: Final = {
    "todo": "Todo", "to do": "Todo", "pending": "Todo", "planned": "Todo", "open": "Todo",
    "in progress": "In Progress", "doing": "In Progress", "active": "In Progress",
    "review": "Review", "in review": "Review",
    "done": "Done", "completed": "Done", "complete": "Done", "closed": "Done",
}  # fmt: skip
_PRIORITY_SPELLINGS: Final = {"p0": "critical", "p1": "high", "p2": "medium", "p3": "low", "urgent": "critical"}
_CLOSED: Final = frozenset({"Done", "cancelled", "canceled"})

NAME_KEYS: Final = ("name", "title", "content")
DESCRIPTION_KEYS: Final = ("long_description", "description", "details")
PARENT_KEYS: Final = ("parent_id", "parentId")
DEPENDENCY_KEYS: Final = ("dependencies", "dependsOn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment on a task; `created` and `last_modified` are the file's own spelling of the time."""

    id: str
    task: str
    type: str
    content: str
    created: str = ""
    last_modified: str = ""

    @classmethod
    def from_record(cls, record: Mapping[str, object], *, task: str = "") -> "Comment":
        """Read a comment record, of the top-level list or inline in a task (`task` then names the owner)."""
        return cls(
            id=record_id(record),
            task=task or _text(record.get("todoId")),
            type=_text(record.get("type")) or "note",
            content=_text(record.get("content")),
            created=_text(record.get("created") or record.get("created_at")),
            last_modified=_text(record.get("lastModified")),
        )

    def document(self) -> dict[str, object]:
        """Give the comment as JSON values, under the file's own names."""
        return {
            "id": self.id,
            "type": self.type,
            "content": self.content,
            "created": self.created,
            "lastModified": self.last_modified,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task. Times are the file's own spelling; `estimated_hours` is the user's figure where the file has one."""

    id: str
    name: str
    status: str = "Todo"
    priority: str = "medium"
    tags: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    description: str = ""
    created: str = ""
    last_modified: str = ""
    parent: str = ""
    estimated_hours: float | None = None
    claim: Claim | None = None
    preferred_backend: str = ""
    """The backend that the record asks for, in small letters: its own field, or that of its `metadata`."""

    @property
    def is_open(self) -> bool:
        """Whether work remains: neither Done nor cancelled."""
        return is_open(self.status)

    @property
    def text(self) -> str:
        """Name and description, the words that a reader of the task sees."""
        return f"{self.name}\n\n{self.description}".strip()

    @classmethod
    def from_record(cls, record: Mapping[str, object], *, now: float | None = None) -> "Task":
        """Read a task record in any of the spellings of docs/todo2-file.md; never raises on odd values.

        `now` (seconds since 1970) tells whether its claim is over; without it, a claim lasts.
        """
        return cls(
            id=record_id(record),
            name=_first_text(record, NAME_KEYS),
            status=status_of(record),
            priority=canonical_priority(_text(record.get("priority"))),
            tags=_strings(record.get("tags")),
            dependencies=dependencies_of(record),
            description=_first_text(record, DESCRIPTION_KEYS),
            created=_text(record.get("created") or record.get("created_at") or record.get("createdAt")),
            last_modified=_text(record.get("lastModified") or record.get("last_modified") or record.get("updated_at")),
            parent=parent_of(record),
            estimated_hours=_hours(record.get("estimatedHours")),
            claim=claim_of(record, now=now),
            preferred_backend=_preferred_backend(record),
        )

    def document(self) -> dict[str, object]:
        """Give the task as the JSON document of the contract."""
        document: dict[str, object] = {
            "id": self.id, "name": self.name, "status": self.status, "priority": self.priority,
            "tags": list(self.tags), "dependencies": list(self.dependencies), "description": self.description,
            "created": self.created, "lastModified": self.last_modified,
        }  # fmt: skip
        if self.parent:
            document["parent"] = self.parent
        if self.claim is not None:
            document["claim"] = self.claim.document()
        return document


def is_open(status: str) -> bool:
    """Whether work remains in a status: neither Done nor cancelled."""
    return status not in _CLOSED and status.lower() not in _CLOSED


def status_of(record: Mapping[str, object]) -> str:
    """Give the status of a task record, without reading the rest of it."""
    return canonical_status(_text(record.get("status")))


def parent_of(record: Mapping[str, object]) -> str:
    """Give the id of a task record's parent, empty for none."""
    return _first_text(record, PARENT_KEYS)


@lru_cache(maxsize=256)
def canonical_status(spelling: str) -> str:
    """Give Todo2's spelling of a status; one that Todo2 does not know stays as it is."""
    return _STATUS_SPELLINGS.get(re.sub(r"[_\-\s]+", " ", spelling.strip().lower()), spelling.strip() or "Todo")


@lru_cache(maxsize=256)
def canonical_priority(spelling: str) -> str:
    """Give one of PRIORITIES, `medium` for none; an unknown spelling stays, in lower case."""
    folded = spelling.strip().lower()
    return _PRIORITY_SPELLINGS.get(folded, folded or "medium")


def priority_rank(priority: str) -> int:
    """Order priorities: 0 for critical to 3 for low; unknown ones count as medium."""
    return {"critical": 0, "high": 1, "medium": 2, "low": 3}.get(priority, 2)


def records_of(value: object) -> list[Mapping[str, Any]]:
    """Give the records of a list; what is no record is left out, and what is no list holds none."""
    return [record for record in value if isinstance(record, dict)] if isinstance(value, list) else []


def record_id(record: Mapping[str, object], key: str = "id") -> str:
    """Give the id that a record holds under a key, as text; ids that another tool wrote as numbers are ids too."""
    return _text(record.get(key))


def _preferred_backend(record: Mapping[str, object]) -> str:
    wish = record.get("preferred_backend")
    if wish is None and isinstance(metadata := record.get("metadata"), dict):
        wish = metadata.get("preferred_backend")  # where exarp-go keeps it
    return wish.strip().casefold() if isinstance(wish, str) else ""


def _hours(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < 10_000 else None


def _text(value: object) -> str:
    if type(value) is str:  # nearly always, and a list of ten thousand tasks asks a hundred thousand times
        return value
    return value if isinstance(value, str) else "" if value is None or isinstance(value, dict | list) else str(value)


def _first_text(record: Mapping[str, object], keys: Sequence[str]) -> str:
    for key in keys:
        if text := _text(record.get(key)):
            return text
    return ""


def _strings(value: object) -> tuple[str, ...]:
    """Read a list of strings that may be a list, a JSON list in a string, or words between commas."""
    if isinstance(value, str):
        try:
            read = json.loads(value)
        except (ValueError, RecursionError):
            read = None
        value = read if isinstance(read, list) else [part.strip() for part in value.split(",")]
    if not isinstance(value, list) or not value:
        return ()
    return tuple(text for item in value if (text := _text(item)))


def dependencies_of(record: Mapping[str, object]) -> tuple[str, ...]:
    """Give the ids that a task record depends on, each once."""
    if "dependsOn" not in record:
        return tuple(dict.fromkeys(_strings(record.get("dependencies"))))
    merged = (name for key in DEPENDENCY_KEYS for name in _strings(record.get(key)))
    return tuple(dict.fromkeys(merged))
