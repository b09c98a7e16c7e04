"""A finding of a review: where, how bad, the words of the file that it is about, what is wrong, and what to do."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, Self, TypeAlias, TypedDict, cast

Severity: TypeAlias = Literal["high", "medium", "low"]

SEVERITIES: Final[tuple[Severity, ...]] = ("high", "medium", "low")
_NAME: Final = 100
_PRIORITIES: Final[Mapping[Severity, str]] = {"high": "high", "medium": "medium", "low": "low"}


class NewTask(TypedDict):
    """The fields of a task that is to be added."""

    name: str
    description: str
    priority: str
    tags: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding. `line` counts from 1, `quote` stands there in the file, `source` is a linter's rule or a model.

    `says` is what is wrong; `suggestion` what to do about it, empty where a linter has none.
    """

    file: str
    line: int
    severity: Severity
    quote: str
    says: str
    suggestion: str
    source: str

    def document(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `document` gave."""
        return cls(
            file=str(document["file"]),
            line=int(document["line"]),
            severity=cast("Severity", document["severity"]),
            quote=str(document["quote"]),
            says=str(document["says"]),
            suggestion=str(document["suggestion"]),
            source=str(document["source"]),
        )


def finding_task(finding: Finding) -> NewTask:
    """Make a task of a finding: the fields that `add` takes."""
    says = " ".join(finding.says.split()).rstrip(".")
    where = f"{finding.file}:{finding.line}"
    name = f"Resolve in {where}: {says}"
    quote = finding.quote.replace("```", "'''")
    parts = [f"{says}.", f"In `{where}`:", f"```\n{quote}\n```"]
    if finding.suggestion:
        parts.append(f"Suggested: {finding.suggestion}")
    parts.append(f"Found by {finding.source}, severity {finding.severity}.")
    return NewTask(
        name=name if len(name) <= _NAME else f"{name[: _NAME - 1].rstrip()}…",
        description="\n\n".join(parts),
        priority=_PRIORITIES[finding.severity],
        tags=["review"],
    )


def ordered(findings: list[Finding]) -> list[Finding]:
    """Put the worst first, then by place; what is said twice of one place by one source is there once."""
    unique = {(item.file, item.line, item.quote, item.says): item for item in findings}
    return sorted(unique.values(), key=lambda item: (SEVERITIES.index(item.severity), item.file, item.line))
