"""What a planner is told and what it answers: the facts behind a breakdown, and the subtasks of a plan.

Both the prompt for a model and the built-in planner are made from the same `PlanningFacts`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final, Literal, Self, cast

Complexity = Literal["simple", "medium", "complex"]
Category = Literal[
    "code_review", "documentation", "refactoring", "test_generation", "formatting", "bug_fix", "feature", "other"
]
Lane = Literal["execute", "breakdown", "assistant", "human"]

COMPLEXITIES: Final[tuple[Complexity, ...]] = ("simple", "medium", "complex")
CATEGORIES: Final[tuple[Category, ...]] = (
    "code_review", "documentation", "refactoring", "test_generation", "formatting", "bug_fix", "feature", "other",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtask:
    """One step of a plan; `dependencies` are keys of other subtasks of the same plan."""

    key: str
    name: str
    description: str
    acceptance_criteria: tuple[str, ...]
    complexity: Complexity
    category: Category
    dependencies: tuple[str, ...] = ()
    covers: tuple[int, ...] = ()
    """Numbers (from 1) of the parent's acceptance criteria that this step claims to fulfil."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPath:
    """A path as the task's text writes it, and the files of the repository that it can mean."""

    written: str
    found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSymbol:
    """A function, class or other identifier that the task's text names, and where it is defined (`path:line`)."""

    written: str
    found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryFacts:
    """What is known of the repository without a model. Paths are relative to its root, with `/`."""

    name: str = ""
    files: int = 0
    languages: tuple[str, ...] = ()
    """By number of source files, most first: `Python`, `Go`, ..."""
    manifests: tuple[str, ...] = ()
    """Build and dependency files found: `pyproject.toml`, `go.mod`, ..."""
    checks: Mapping[str, str] = cast("Mapping[str, str]", None)
    """Commands by kind: `test`, `lint`, `types`, `format`, `build`."""
    places: Mapping[str, tuple[str, ...]] = cast("Mapping[str, tuple[str, ...]]", None)
    """Notable directories and files by kind: `source`, `tests`, `docs`, `ci`, `migrations`, `changelog`."""
    named_paths: tuple[NamedPath, ...] = ()
    named_symbols: tuple[NamedSymbol, ...] = ()

    def __post_init__(self) -> None:
        """Give the two mappings their own empty defaults."""
        object.__setattr__(self, "checks", dict(self.checks or {}))
        object.__setattr__(self, "places", {kind: tuple(paths) for kind, paths in (self.places or {}).items()})

    def document(self) -> dict[str, object]:
        """Give the facts as JSON values."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Self:
        """Read what `document` gave."""
        values = dict(document)
        for key in ("languages", "manifests"):
            values[key] = tuple(cast("list[str]", values.get(key, ())))
        for key, kind in (("named_paths", NamedPath), ("named_symbols", NamedSymbol)):
            items = cast("list[dict[str, object]]", values.get(key, ()))
            values[key] = tuple(
                kind(written=str(item["written"]), found=tuple(cast("list[str]", item["found"]))) for item in items
            )
        return cls(**values)  # type: ignore[arg-type]  # the keys are this class's own, from `document`


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningFacts:
    """All that a planner may know: the task, the user's context, the repository, the other tasks, the bounds."""

    name: str
    description: str = ""
    context: str = ""
    """Free text that the user adds for this breakdown."""
    criteria: tuple[str, ...] = ()
    """The task's own acceptance criteria, in order."""
    tags: tuple[str, ...] = ()
    repository: RepositoryFacts = RepositoryFacts()
    existing: tuple[str, ...] = ()
    """Names of the project's open tasks, this one left out."""
    min_subtasks: int = 3
    max_subtasks: int = 8

    def document(self) -> dict[str, object]:
        """Give the facts as JSON values."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Self:
        """Read what `document` gave."""
        values = dict(document)
        values["repository"] = RepositoryFacts.from_document(cast("dict[str, object]", values["repository"]))
        for key in ("criteria", "tags", "existing"):
            values[key] = tuple(cast("list[str]", values.get(key, ())))
        return cls(**values)  # type: ignore[arg-type]  # the keys are this class's own, from `document`
