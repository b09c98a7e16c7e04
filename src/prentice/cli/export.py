"""The command that hands the task list to other programs: export."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json, shown
from prentice.errors import UsageError

if TYPE_CHECKING:
    from prentice.tasks.export import Format
    from prentice.tasks.record import Task
    from prentice.tasks.todolist import TodoList

_BY_SUFFIX: Final[dict[str, "Format"]] = {".csv": "csv", ".json": "json"}


@click.command("export")
@click.option(
    "--format",
    "wanted",
    type=click.Choice(("markdown", "csv", "json")),
    metavar="F",
    help="markdown, csv or json; without it FILE's suffix says which, and markdown is the default.",
)
@click.option("--output", metavar="FILE", help="Write FILE instead of printing.")
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
@click.option("--status", metavar="STATUS", help="Only tasks of this status.")
@click.option("--descriptions", is_flag=True, help="Descriptions too, in markdown and csv; json always has them.")
@global_options
def export_command(
    *, wanted: "Format | None", output: str | None, force: bool, status: str | None, descriptions: bool
) -> None:
    """Give all tasks as Markdown, CSV or JSON."""
    from prentice.tasks.rules import status_named

    chosen = selection()
    if chosen.json and output is None and wanted not in {None, "json"}:
        raise UsageError(
            f"`--json` prints JSON, not {wanted}.",
            next_step=f"Leave out `--json`, or write a file: `prentice export --format {wanted} --output FILE`.",
        )
    state = status_named(status) if status else None
    project = chosen.open()
    if output is not None:
        _check_target(Path(output), force=force, kept=project.project.todo2_path.parent if project.project else None)
    todolist = project.tasks()
    tasks = [task for task in todolist.tasks.values() if state in {None, task.status}]
    kind = wanted or _default(output, as_json=chosen.json)
    text = _text(kind, todolist, tasks, descriptions=descriptions)
    if output is None:
        _print(text)
        return
    from prentice.store.atomic import replace_file

    replace_file(Path(output), _encoded(text))
    if chosen.json:
        print_json({"format": kind, "tasks": len(tasks), "output": output})
    else:
        click.echo(shown(f"Wrote {len(tasks)} {'task' if len(tasks) == 1 else 'tasks'} to {output} as {kind}."))


def _default(output: str | None, *, as_json: bool) -> "Format":
    if output is None:
        return "json" if as_json else "markdown"
    return _BY_SUFFIX.get(Path(output).suffix.lower(), "markdown")


def _text(kind: "Format", todolist: "TodoList", tasks: "list[Task]", *, descriptions: bool) -> str:
    from prentice.tasks import export

    match kind:
        case "markdown":
            return export.to_markdown(tasks, descriptions=descriptions)
        case "csv":
            return export.to_csv(tasks, descriptions=descriptions)
        case "json":
            return export.to_json(todolist, tasks)


def _check_target(path: Path, *, force: bool, kept: Path | None) -> None:
    """Refuse a file that the user may not mean to lose.

    Raises:
        UsageError: it exists and `force` is not given, it is no file, it lies in `kept`, or its directory is missing.
    """
    elsewhere = "Name another file with `--output FILE`."
    if not path.parent.is_dir():
        raise UsageError(f"There is no directory {path.parent}.", next_step="Make it, or " + _lowered(elsewhere))
    if kept is not None and path.resolve().is_relative_to(kept.resolve()):
        raise UsageError(f"{path} lies among the files of the task list itself.", next_step=elsewhere)
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is not a file.", next_step=elsewhere)
    if not force and (path.exists() or path.is_symlink()):
        raise UsageError(f"{path} exists already.", next_step="Replace it with `--force`, or " + _lowered(elsewhere))


def _lowered(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _print(text: str) -> None:
    """Print for a person's terminal without control characters; into a pipe or file give the very bytes of a file."""
    if sys.stdout.isatty():
        click.echo(shown(text.replace("\r\n", "\n")), nl=False)
    else:
        click.echo(_encoded(text), nl=False)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")  # a lone surrogate, which JSON can hold, has no bytes
