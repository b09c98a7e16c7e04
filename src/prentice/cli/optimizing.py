"""The command that sharpens a prompt, or says what it leaves open."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json, shown
from prentice.errors import UsageError

if TYPE_CHECKING:
    from prentice.library import Prentice
    from prentice.skills.optimize.optimization import Optimization


@click.command("optimize")
@click.argument("prompt", required=False, metavar="TEXT|TASK")
@click.option("-f", "--file", "path", metavar="FILE", help="Read the prompt from FILE; `-` is stdin.")
@click.option("--context", default="", metavar="TEXT", help="Facts that the prompt may use besides its own.")
@click.option("--ask", "asks", is_flag=True, help="Ask you the open questions, and put your answers into the prompt.")
@click.option(
    "--apply", "applies", is_flag=True, help="Write the result to the task; the old text stays in its history."
)
@global_options
def optimize_command(prompt: str | None, path: str | None, context: str, asks: bool, applies: bool) -> None:
    """Sharpen a prompt or a task, or say that it is good. What is missing is asked for, and never made up."""
    if (prompt is None) == (path is None):
        raise UsageError(
            "A prompt is wanted: a text, the id of a task, or `-f FILE`.",
            next_step='For example: `prentice optimize "Fix the crash in app/server.py"`.',
        )
    project = selection().open()
    text = prompt if prompt is not None else _read(path or "-")
    task = project.task_id(text) if path is None else ""
    if applies and not task:
        raise UsageError(
            "There is no task to write to.", next_step="Give the id of a task, or redirect the output to a file."
        )
    optimized = _optimize(project, text, context=context, answers={})
    if asks and optimized.questions:
        answers = _asked(optimized)
        optimized = _optimize(project, text, context=context, answers=answers) if answers else optimized
    if applies:
        project.apply_optimized(task, optimized)
    if selection().json:
        print_json(optimized.document() | ({"applied": optimized.accepted} if applies else {}))
    else:
        _print(optimized, applied_to=task if applies else "")


def _read(path: str) -> str:
    """Read a prompt from a file or from stdin.

    Raises:
        UsageError: it cannot be read, or is no text.
    """
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"The prompt {path} cannot be read: {error}.", next_step="Give a text file in UTF-8: `-f FILE`."
        ) from error


def _optimize(project: "Prentice", text: str, *, context: str, answers: Mapping[str, str]) -> "Optimization":
    from prentice.cli.progress import Progress

    with Progress(verbose=selection().verbose) as progress:
        return project.optimize(text, context=context, answers=answers, on_event=progress)


def _asked(optimized: "Optimization") -> dict[str, str]:
    """Put the open questions to the person at the terminal; an empty answer leaves one open.

    Raises:
        UsageError: there is no terminal.
    """
    from prentice.skills.optimize.answers import answer_keys

    if not sys.stdin.isatty():
        raise UsageError(
            "`--ask` needs a terminal to ask at.", next_step="Leave it out: open questions become [NEEDS: ...]."
        )
    named = zip(answer_keys(optimized.questions), optimized.questions, strict=True)
    return {name: answer for name, question in named if (answer := _answer(question))}


def _answer(question: Mapping[str, Any]) -> str:
    """Ask one question; a number takes one of its choices."""
    choices = question["choices"]
    click.echo(shown(question["question"][:1].upper() + question["question"][1:]), err=True)
    for number, choice in enumerate(choices, start=1):
        click.echo(shown(f"  {number}  {choice}"), err=True)
    label = (
        "A number, your own words, or nothing to leave it open"
        if choices
        else "Your answer, or nothing to leave it open"
    )
    answer = str(click.prompt(label, default="", show_default=False, err=True)).strip()
    is_choice = answer.isdecimal() and 1 <= int(answer) <= len(choices)
    return f"`{choices[int(answer) - 1]}`" if is_choice else answer


def _print(optimized: "Optimization", *, applied_to: str) -> None:
    """Print the prompt to stdout, and all about it to stderr: the output can be piped on."""
    click.echo(shown(optimized.optimized))
    document = optimized.document()
    lines = [document["says"]]
    if applied_to:
        lines.append(f"Written to {applied_to}." if optimized.accepted else f"{applied_to} is as it was.")
    before, after = document["checklist"]["before"], document["checklist"]["after"]
    lines.append(f"Checklist: {_counted(before)}" + (f", now {_counted(after)}." if optimized.accepted else "."))
    lines += [
        f"{item['severity']}: {item['says']} “{_short(item['quote'])}” {item['hint']}" for item in document["findings"]
    ]
    lines += [f"open: {question['question']}" for question in optimized.questions]
    lines += [f"from {added['source']}: {added['fact']}" for added in document["sources"]]
    lines += [_spent(document)] if document["calls"] else []
    if selection().verbose:
        lines += [f"changed: {line}" for line in document["diff"].splitlines()] if optimized.accepted else []
        lines += [f"{dimension}: {_score(document, dimension)}" for dimension in document["scores"]["before"]]
        lines += [f"rejected: {reason}" for reason in document["rejected"]]
    for line in lines:
        click.echo(shown(line), err=True)


def _spent(document: Mapping[str, Any]) -> str:
    tokens = document["tokens"]
    return (
        f"{document['model']} on {document['backend']}: {document['calls']} calls in {document['rounds']} rounds, "
        f"{tokens['prompt']} tokens read, {tokens['reply']} written, {document['seconds']:.1f} s; "
        f"templates {', '.join(document['templates'])}"
    )


def _score(document: Mapping[str, Any], dimension: str) -> str:
    before, after = (document["scores"][when][dimension] for when in ("before", "after"))
    return " to ".join("not judged" if value is None else f"{value:.2f}" for value in (before, after))


def _counted(answers: list[dict[str, str]]) -> str:
    judged = [answer["answer"] for answer in answers if answer["answer"] in {"yes", "no"}]
    return f"{judged.count('yes')} of {len(judged)} questions answered"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:59]}…"
