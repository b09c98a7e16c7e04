"""GitHub's issues as JSON: what `gh issue list --json ...` prints, and what the REST interface answers.

Field names: https://cli.github.com/manual/gh_issue_list and https://docs.github.com/rest/issues/issues. A list, lists
one after the other (`gh api --paginate`), or one issue on each line.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from prentice.errors import ImportSourceError
from prentice.tasks import sections
from prentice.tasks.imports.item import Found, ImportedTask, LeftOut
from prentice.tasks.imports.json_text import load_all
from prentice.tasks.imports.wording import first_paragraph, key_of, one_line, text_of, without_comments

_REPOSITORY: Final = re.compile(r"/(?:repos/)?([\w.-]+/[\w.-]+)/(?:issues|pull)/\d+\Z")
_PRIORITY: Final = re.compile(r"(?:prio(?:rity)?\s*[:/=-]?\s*)?(critical|urgent|high|medium|low|p[0-3])", re.IGNORECASE)
_BOX: Final = re.compile(r"^[ \t]*[-*+][ \t]+\[([ xX])\][ \t]+(\S.*)$", re.MULTILINE)
_NOT_DONE: Final = frozenset({"not_planned", "duplicate"})
"""Reasons for which an issue was closed without its work being done."""


def recognizes(value: object) -> bool:
    """Whether a JSON value looks like an issue or a list of them."""
    first = next(iter(_entries([value])), None)
    return isinstance(first, Mapping) and "title" in first and ("number" in first or "body" in first)


def read(text: str) -> Found:
    """Read the issues; pull requests, which the REST interface lists among them, are left out.

    Raises:
        ImportSourceError: there are no issues in it.
    """
    values = load_all(text)
    entries = list(_entries(values))
    if not any(isinstance(entry, Mapping) and "title" in entry for entry in entries) and values != [[]]:
        raise ImportSourceError(
            "These are not issues: no entry has a `title`.",
            next_step="Export them: `gh issue list --json number,title,body,labels,state,stateReason,milestone,url`.",
        )
    tasks: list[ImportedTask] = []
    left_out: list[LeftOut] = []
    warnings: list[str] = []
    for position, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping):
            left_out.append(LeftOut(key=f"at-{position}", name="", why="it is no issue, but a bare value"))
            continue
        key = key_of(entry.get("number"))
        if not key:
            key = f"at-{position}"
            warnings.append(f"The issue at {position} has no number; its key here is {key}.")
        if _is_pull_request(entry):
            left_out.append(LeftOut(key=key, name=one_line(text_of(entry.get("title"))), why="it is a pull request"))
        else:
            tasks.append(_task(entry, key))
    return Found(tasks=tuple(tasks), left_out=tuple(left_out), warnings=tuple(warnings))


def _entries(values: Sequence[object]) -> Iterator[object]:
    for value in values:
        if isinstance(value, list):
            yield from value
        elif isinstance(value, Mapping) and isinstance(value.get("items"), list):  # the REST search
            yield from value["items"]
        else:
            yield value


def _is_pull_request(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("pull_request")) or "/pull/" in _url(entry)


def _url(entry: Mapping[str, Any]) -> str:
    return text_of(entry.get("html_url")) or text_of(entry.get("url"))


def _task(entry: Mapping[str, Any], key: str) -> ImportedTask:
    body = text_of(entry.get("body"))
    parts = sections.parse(without_comments(body))
    labels = [name for label in _listed(entry.get("labels")) if (name := _name(label, "name"))]
    milestone = _name(entry.get("milestone"), "title")
    found = _REPOSITORY.search(_url(entry))
    return ImportedTask(
        key=key,
        source=f"github:{found[1] if found else ''}#{key}",
        name=text_of(entry.get("title")),
        objective=first_paragraph(parts.objective),
        criteria=parts.criteria or tuple(match[2].strip() for match in _BOX.finditer(body)),
        requirements=parts.items(sections.REQUIREMENTS),
        files=parts.items(sections.FILES),
        testing=parts.items(sections.TESTING),
        original="" if "\n" not in body else body,
        status=_status(entry),
        priority=next((match[1] for label in labels if (match := _PRIORITY.fullmatch(label.strip()))), ""),
        tags=(*labels, *((f"milestone:{milestone}",) if milestone else ())),
        dependencies=tuple(_numbers(entry.get("blockedBy"))),
        parent=next(iter(_numbers(entry.get("parent"))), ""),
    )


def _status(entry: Mapping[str, Any]) -> str:
    state = text_of(entry.get("state")).lower()
    if state == "closed" or entry.get("closed") is True:
        reason = text_of(entry.get("stateReason")) or text_of(entry.get("state_reason"))
        return "cancelled" if reason.lower() in _NOT_DONE else "Done"
    return "Todo"


def _numbers(value: object) -> Iterator[str]:
    """Give the numbers of one issue or of several, in the shapes that `gh` uses for links."""
    if isinstance(value, Mapping) and isinstance(value.get("nodes"), list):
        value = value["nodes"]
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping) and (key := key_of(item.get("number"))):
            yield key


def _name(value: object, field: str) -> str:
    return one_line(text_of(value.get(field) if isinstance(value, Mapping) else value))


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
