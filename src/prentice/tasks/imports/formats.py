"""The formats that can be imported: which one a text is in, and reading it."""

from collections.abc import Sequence

from prentice.errors import ImportSourceError, UsageError
from prentice.tasks.imports import backlog, checklist, github, task_master
from prentice.tasks.imports.item import Document, Format, Found
from prentice.tasks.imports.json_text import load_all


def recognize(text: str) -> Format:
    """Tell the format of one file by what it holds, whatever its name.

    Raises:
        ImportSourceError: it is in none that is known, or is broken JSON.
    """
    start = text.lstrip()[:1]
    if start in {"{", "["}:
        return _recognize_json(text)
    if backlog.recognizes(text):
        return "backlog"
    if checklist.recognizes(text):
        return "checklist"
    raise ImportSourceError(
        "This is in no known format: no check list, no task file of Backlog.md, no JSON.",
        next_step="Name its format with `--from`: task-master, backlog, checklist or github.",
    )


def _recognize_json(text: str) -> Format:
    try:
        values = load_all(text)
    except ImportSourceError:
        if checklist.recognizes(text):  # Markdown may begin with a bracket
            return "checklist"
        raise
    if isinstance(values[0], dict) and ("todos" in values[0]):
        raise ImportSourceError(
            "This is a Todo2 file itself, not another tool's.",
            next_step="Work on its project instead: `--project DIR`.",
        )
    if len(values) == 1 and task_master.recognizes(values[0]):
        return "task-master"
    if github.recognizes(values[0]):
        return "github"
    raise ImportSourceError(
        "This JSON is neither Task Master's tasks.json nor a list of GitHub issues.",
        next_step="Name its format with `--from`, or export the tasks again.",
    )


def read(kind: Format, documents: Sequence[Document], *, tag: str = "") -> Found:
    """Read the documents in a format; all but Backlog.md's are one document.

    Raises:
        ImportSourceError: they are not in the format.
        UsageError: `tag` was given for a format that has none.
    """
    if tag and kind != "task-master":
        raise UsageError("`--tag` chooses among the tags of Task Master's file.", next_step="Leave it out here.")
    match kind:
        case "task-master":
            return task_master.read(documents[0].text, tag=tag)
        case "github":
            return github.read(documents[0].text)
        case "checklist":
            return checklist.read(documents[0].text, name=documents[0].path.rsplit("/", 1)[-1])
        case "backlog":
            return backlog.read(documents)
