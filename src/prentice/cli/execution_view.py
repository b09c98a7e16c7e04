"""What executions came to, for people: a line for each task, and the commands that go on from there."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from prentice.cli.visible import one_line, path_shown

_COLOURS: Final = {
    "proposed": "green", "applied": "green", "refused": "yellow", "handed_off": "yellow", "failed": "red",
    "rejected": "red", "undone": "yellow",
}  # fmt: skip
_FILES: Final = 3
_NAME: Final = 44


def print_executions(documents: Sequence[Mapping[str, Any]]) -> None:
    """Print what executions came to: a line each, what a single one says beside, and what to do next."""
    for document in documents:
        click.echo(_line(document))
        if len(documents) == 1:
            for sentence in (document["explanation"], *document.get("notes", ())):
                click.echo(f"  {one_line(sentence)}" if sentence else "", nl=bool(sentence))
        if step := document.get("next_step"):
            click.echo(f"  {one_line(step)}")
    commands = [command for document in documents if (command := _next(document))]
    if commands:
        click.echo()
        click.echo("\n".join(click.style(command, dim=True) for command in commands))


def state_said(state: str) -> str:
    """Give a state in words, coloured."""
    return click.style(f"{state.replace('_', ' '):<10}", fg=_COLOURS.get(state))


def files_said(files: Sequence[str]) -> str:
    """Give the files of a change in a few words."""
    named = ", ".join(path_shown(path) for path in files[:_FILES])
    more = f" and {len(files) - _FILES} more" if len(files) > _FILES else ""
    return f"{named}{more}" or "no file"


def checks_said(document: Mapping[str, Any]) -> str:
    """Give what the checks say of a change in a few words."""
    if "findings" in document:
        return f"{len(document['findings'])} findings"
    return ", ".join(_check(check) for check in document["checks"]) or "no check"


def name_said(document: Mapping[str, Any]) -> str:
    """Give a task's id, or the beginning of its text."""
    text = one_line(str(document["task"] or document.get("name", "")))
    return text if len(text) <= _NAME else f"{text[: _NAME - 1]}…"


def _line(document: Mapping[str, Any]) -> str:
    run = f"{document['run_id'] or '-':<5}"
    return (
        f"{click.style(run, bold=True)} {state_said(document['state'])} {name_said(document)}: "
        f"{files_said(document['files'])}; {checks_said(document)}; {one_line(document['why'])}"
    )


def _check(check: Mapping[str, Any]) -> str:
    name = one_line(check["name"])
    if check["new_failures"]:
        count = len(check["new_failures"])
        return f"{name}: {'a new failure' if count == 1 else f'{count} new failures'}"
    if check["decisive"]:
        return f"{name} decides it"
    after = one_line(check["after"]).partition(":")[0]  # why there is no result is long, and shown in the review
    return f"{name} {after}" + ("" if check.get("trusted") else ", not trusted")


def _next(document: Mapping[str, Any]) -> str:
    run = document["run_id"]
    match document["state"]:
        case "proposed":
            what = "look at what was found" if "findings" in document else "look at the change and decide"
            return f"prentice review {run:<12} {what}"
        case "applied":
            return f"prentice undo {run:<14} take the change out again"
        case "refused" | "handed_off" if document.get("handoff"):
            return f"prentice review {run:<12} the handoff for your assistant"
        case _:
            return ""
