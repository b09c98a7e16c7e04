"""Backlog.md's files: one Markdown file for each task, with YAML front matter and sections between markers.

Folders and fields as Backlog.md 1.52 writes them: `tasks/`, `drafts/`, `completed/`, `milestones/`, `config.yml`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from prentice.errors import ImportSourceError
from prentice.tasks.imports.item import Document, Found, ImportedTask, LeftOut
from prentice.tasks.imports.wording import first_paragraph, is_plain, key_of, lines_of, one_line, text_of, texts_of

_FRONT_LENGTH: Final = 50_000
"""Characters of front matter that are read: PyYAML's time grows faster than the text on hostile input."""
_FRONT: Final = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_MARK: Final = re.compile(r"<!-- (?:SECTION:)?([A-Z_]+):(BEGIN|END) -->")
_BOX: Final = re.compile(r"^[-*] \[(?P<tick>[ xX])\][ \t]+(?:#\d+[ \t]+)?(?P<text>\S.*)$")
_DRAFTS: Final = "drafts"
_COMPLETED: Final = "completed"
_ARCHIVE: Final = "archive"


class _BrokenError(Exception):
    """A file that is no task; the words say why."""


def recognizes(text: str) -> bool:
    """Whether a Markdown file is one of Backlog.md's tasks."""
    front = _FRONT.match(text.replace("\r\n", "\n"))
    return bool(front and re.search(r"^id:", front[1], re.MULTILINE) and re.search(r"^title:", front[1], re.MULTILINE))


def read(documents: Sequence[Document]) -> Found:
    """Read the tasks, drafts and completed tasks among files; a broken file is left out, and the others are read.

    Raises:
        ImportSourceError: none of the files is a task.
    """
    settings = _settings(documents)
    milestones = dict(_milestones(documents))
    tasks: list[ImportedTask] = []
    left_out: list[LeftOut] = []
    archived = 0
    for document in documents:
        folder = _folder(document.path)
        if _ARCHIVE in document.path.split("/")[:-1]:
            archived += 1
            continue
        if folder == "milestones" or not document.path.endswith(".md"):
            continue
        try:
            tasks.append(_task(document, folder, finished=settings, milestones=milestones))
        except _BrokenError as error:
            left_out.append(LeftOut(key=one_line(document.path), name="", why=str(error)))
    if not tasks and not left_out:
        raise ImportSourceError(
            "There are no task files here.", next_step="Give the directory that holds Backlog.md's `backlog` folder."
        )
    tasks.sort(key=lambda task: ("draft" in task.tags, _order(task.key)))
    warnings = (f"Archived in Backlog.md, and not read: {archived} task{'s' * (archived > 1)}.",) if archived else ()
    return Found(tasks=tuple(tasks), left_out=tuple(left_out), warnings=warnings)


def _folder(path: str) -> str:
    parts = path.split("/")
    return parts[-2] if len(parts) > 1 else ""


def _order(key: str) -> tuple[tuple[int, int, str], ...]:
    """Order keys as people count: TASK-2 before TASK-2.1 before TASK-10."""
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in re.findall(r"\d{1,9}|\D+", key))


def _settings(documents: Iterable[Document]) -> str:
    """Give the status that ends a task: the last of the project's own, `Done` where none are set."""
    for document in documents:
        if document.path.rsplit("/", 1)[-1] in {"config.yml", "backlog.config.yml"}:
            try:
                statuses = texts_of(_yaml(document.text).get("statuses"))
            except _BrokenError:
                continue
            if statuses:
                return one_line(statuses[-1])
    return "Done"


def _milestones(documents: Iterable[Document]) -> Iterable[tuple[str, str]]:
    for document in documents:
        if _folder(document.path) == "milestones":
            try:
                front, _ = _parts(document.text)
            except _BrokenError:
                continue
            yield one_line(text_of(front.get("id"))), one_line(text_of(front.get("title")))


def _task(document: Document, folder: str, *, finished: str, milestones: Mapping[str, str]) -> ImportedTask:
    front, body = _parts(document.text)
    key = key_of(text_of(front.get("id"))).upper()
    if not key:
        raise _BrokenError("its front matter has no `id`")
    parts = _sections(body)
    described, notes = parts.get("DESCRIPTION", ""), parts.get("NOTES", "")
    status = one_line(text_of(front.get("status")))
    if folder == _COMPLETED or status.lower() == finished.lower():
        status = "Done"
    milestone = one_line(text_of(front.get("milestone")))
    tags = list(texts_of(front.get("labels")))
    tags += [f"milestone:{milestones.get(milestone, milestone)}"] if milestone else []
    tags += ["draft"] if folder == _DRAFTS else []
    whole = (described, parts.get("PLAN", ""))
    texts = [text for text in whole if not is_plain(text)] + [
        text for text in (notes, parts.get("COMMENTS", "")) if text
    ]
    return ImportedTask(
        key=key,
        source=f"backlog:{key}",
        name=text_of(front.get("title")),
        objective=first_paragraph(described),
        criteria=(*_criteria(parts.get("AC", "")), *_criteria(parts.get("DOD", ""))),
        requirements=lines_of(parts.get("PLAN", "")),
        files=tuple(
            one_line(path)
            for name in ("modified_files", "references", "documentation")
            for path in texts_of(front.get(name))
        ),
        original="\n\n".join(texts),
        result=parts.get("FINAL_SUMMARY", ""),
        status="Todo" if folder == _DRAFTS else status,
        priority=one_line(text_of(front.get("priority"))),
        tags=tuple(tags),
        dependencies=tuple(key_of(item).upper() for item in texts_of(front.get("dependencies"))),
        parent=key_of(text_of(front.get("parent_task_id"))).upper(),
    )


def _parts(text: str) -> tuple[Mapping[str, Any], str]:
    """Take a file apart into its front matter and what follows."""
    text = text.replace("\r\n", "\n")
    match = _FRONT.match(text)
    if match is None:
        raise _BrokenError("it has no front matter between `---` lines")
    return _yaml(match[1]), text[match.end() :]


def _yaml(text: str) -> Mapping[str, Any]:
    """Read a YAML mapping with every scalar as text: dates, numbers and tags are not interpreted."""
    import yaml  # noqa: PLC0415 - only this format needs it

    if len(text) > _FRONT_LENGTH:
        raise _BrokenError(f"its front matter has more than {_FRONT_LENGTH} characters")
    try:
        value = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - builds texts, lists and mappings only
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 2}" if mark else ""  # the first line of the file is `---`
        raise _BrokenError(
            f"its front matter is not YAML: {getattr(error, 'problem', None) or 'broken'}{line}"
        ) from error
    except (RecursionError, ValueError) as error:
        raise _BrokenError("its front matter is nested too deep or malformed") from error
    if not isinstance(value, dict):
        raise _BrokenError("its front matter holds no fields")
    return value


def _sections(body: str) -> dict[str, str]:
    """Give the texts between the markers by their names; the first end that fits ends a section."""
    found: dict[str, str] = {}
    opened, start = "", 0
    for match in _MARK.finditer(body):
        if match[2] == "BEGIN" and not opened:
            opened, start = match[1], match.end()
        elif match[2] == "END" and match[1] == opened:
            found[opened] = text_of(body[start : match.start()].strip())
            opened = ""
    if not found:  # written by hand, without markers
        found["DESCRIPTION"] = text_of(body.strip())
    return found


def _criteria(text: str) -> tuple[str, ...]:
    found = (_BOX.match(line.strip()) for line in text.splitlines())
    return tuple(
        match["text"].strip() + (" (ticked in Backlog.md)" if match["tick"] != " " else "") for match in found if match
    )
