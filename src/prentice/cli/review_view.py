"""A review on the terminal: the change, what speaks for and against it, what was decided, and what can be done."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.table import Table
from rich.text import Text

from prentice.cli.change_view import print_change
from prentice.cli.execution_view import checks_said, files_said, name_said
from prentice.cli.output import console
from prentice.cli.visible import one_line, path_shown, visible

_EFFECTS: Final = {"raises": "green", "lowers": "red", "needs a person": "yellow"}
_WHY: Final = {"refuse": "refused", "review": "not applied by itself", "apply": "may be applied"}
_KINDS: Final = {
    "approve": "approved", "request_changes": "sent back", "reject": "rejected", "apply": "applied", "undo": "undone",
}  # fmt: skip


def print_waiting(documents: Sequence[Mapping[str, Any]]) -> None:
    """Print the executions that wait for a decision."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("run", "task", "files", "checks", "probability", "state"):
        table.add_column(column, overflow="fold")
    for document in documents:
        probability = document["probability"]
        table.add_row(
            document["run_id"], Text(name_said(document)), Text(files_said(document["files"])),
            Text(checks_said(document)), f"{probability['value']:.2f}" if probability else "-", standing(document),
        )  # fmt: skip
    out = console()
    out.print(table)
    out.print(Text("prentice review RUN          look at one", style="dim"))


def print_review(document: Mapping[str, Any]) -> None:
    """Print one execution with all that a reviewer needs."""
    out = console()
    task = f"{document['task']}  " if document.get("is_task") else ""
    name = one_line(document.get("name") or document["task"])
    out.print(
        Text.assemble((f"{document['run_id']}  {task}", "bold"), name, f"  ({standing(document)})"), soft_wrap=True
    )
    if document.get("attempt_of"):
        out.print(Text(f"another attempt after {document['attempt_of']}", style="dim"))
    if document.get("explanation"):
        out.print(Text(visible(document["explanation"])), soft_wrap=True)
    out.print()
    if document["hunks"]:
        print_change(document)
    for number, finding in enumerate(document.get("findings", ()), start=1):
        _print_finding(finding, number)
    _print_evidence(document)
    _print_checks(document["checks"])
    for note in document.get("notes", ()):
        out.print(Text(f"! {one_line(note)}", style="yellow"), soft_wrap=True)
    if document.get("why"):
        label = _WHY.get(document["decision"], "")
        out.print(Text.assemble((f"{label}  ", "bold"), one_line(document["why"])), soft_wrap=True)
    _print_decisions(document["decisions"])
    if handoff := document.get("handoff"):
        out.print()
        out.print(Text("For your assistant:", style="bold"))
        out.print(Text(visible(handoff["prompt"])), soft_wrap=True)
    if commands := _commands(document):
        out.print()
        out.print(Text("\n".join(commands), style="dim"), soft_wrap=True)


def standing(document: Mapping[str, Any]) -> str:
    """Say in a few words how an execution stands."""
    state = str(document["state"]).replace("_", " ")
    approval = document.get("approval")
    if state != "proposed" or not approval:
        return "waits for you" if state == "proposed" else state
    part = f"{len(approval['hunks'])} of its hunks are" if approval["hunks"] else "it is"
    return f"{part} approved, not applied yet"


def _print_evidence(document: Mapping[str, Any]) -> None:
    out = console()
    if probability := document["probability"]:
        like = f" ({one_line(probability['like'])})" if probability.get("like") else ""
        out.print(Text.assemble(("probability  ", "bold"), f"{one_line(probability['says'])}{like}"), soft_wrap=True)
    if not document["evidence"]:
        return
    table = Table.grid(padding=(0, 2))
    for fact in document["evidence"]:
        effect = "" if fact["effect"] == "none" else fact["effect"]
        table.add_row(
            f"  {fact['fact']}", Text(one_line(str(fact["value"]))), Text(effect, style=_EFFECTS.get(effect, ""))
        )
    out.print(table)


def _print_checks(checks: Sequence[Mapping[str, Any]]) -> None:
    if not checks:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("check", "before", "after", "says"):
        table.add_column(column, overflow="fold")
    for check in checks:
        trusted = "" if check.get("trusted", True) else "not trusted: it did not notice a break put in on purpose"
        words = "decides it" if check["decisive"] else trusted
        failing = [f"new: {one_line(name)}" for name in check["new_failures"]]
        table.add_row(
            Text(one_line(check["name"])), Text(one_line(check["before"])), Text(one_line(check["after"])),
            Text("\n".join([*filter(None, [words]), *failing]), style="red" if failing else ""),
        )  # fmt: skip
    console().print(table)


def _print_finding(finding: Mapping[str, Any], number: int) -> None:
    place = f"{number}. {path_shown(finding['file'])}:{finding['line']}"
    out = console()
    out.print(
        Text.assemble((place, "bold"), f"  {one_line(finding['severity'])}  {one_line(finding.get('says', ''))}"),
        soft_wrap=True,
    )
    for mark, words in (("│ ", finding["quote"]), ("→ ", finding["suggestion"])):
        if words:
            out.print(Text(f"  {mark}{one_line(words)}", style="dim"), soft_wrap=True)


def _print_decisions(decisions: Sequence[Mapping[str, Any]]) -> None:
    out = console()
    for one in decisions:
        said = one.get("comment") or one.get("reason") or ""
        hunks = ", ".join(f"{path_shown(path)}:{number}" for path, number in one.get("hunks") or ())
        beside = "".join(f": {words}" for words in (hunks, one_line(said)) if words)
        out.print(Text(f"{_clock(one['at'])}  {_KINDS[one['kind']]} by: {one['actor']}{beside}"), soft_wrap=True)


def _commands(document: Mapping[str, Any]) -> list[str]:
    """Give the commands that can follow."""
    run = document["run_id"]
    match document["state"]:
        case "proposed" if not document["hunks"]:
            return [
                *(
                    [f"prentice review {run} --task N                   make a task of finding N"]
                    * bool(document["findings"])
                ),
                f"prentice review {run} --reject                   set the findings aside",
            ]
        case "proposed":
            some = document["hunks"][0]
            hunk = f"--approve --hunk {path_shown(some['path'])}:{some['number']}"
            return [
                f"prentice apply {run:<34} put it into your files",
                f"prentice review {run} {hunk:<28}  some hunks only (-i asks for each)",
                f'prentice review {run} --request-changes "..."       another attempt with your comment',
                f"prentice review {run} --reject                     set it aside",
            ]
        case "applied":
            return [f"prentice undo {run}            take it out of your files again"]
        case "undone":
            return [f"prentice apply {run}           put it into your files again"]
        case _:
            return []


def _clock(at: float) -> str:
    return f"{dt.datetime.fromtimestamp(at, tz=dt.UTC).astimezone():%Y-%m-%d %H:%M:%S}"
