"""The command that draws the dependency graph."""

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json, shown


@click.command("graph")
@click.argument("task", required=False, default="")
@click.option(
    "--format",
    "form",
    type=click.Choice(["tree", "dot", "mermaid"]),
    default="tree",
    metavar="F",
    help="tree (text), dot (Graphviz) or mermaid.",
)
@click.option("--all", "everything", is_flag=True, help="Done and cancelled tasks too.")
@global_options
def graph_command(task: str, form: str, everything: bool) -> None:
    """Draw what depends on what: the open tasks, or one task with all it waits for."""
    from prentice.tasks.drawing import MERMAID_CHARACTERS, MERMAID_EDGES, Drawing
    from prentice.tasks.edits import not_found

    todolist = selection().open().tasks()
    if task and task not in todolist.tasks:
        raise not_found(task, todolist.tasks)
    drawing = Drawing.of(todolist, task=task, closed=everything)
    if selection().json:
        print_json(drawing.document())
        return
    lines = {"tree": drawing.tree, "dot": drawing.dot, "mermaid": drawing.mermaid}[form]()
    text = "\n".join(shown(line) for line in lines)
    click.echo(text or "No such tasks. `prentice list --all` shows them all.")
    if form == "mermaid" and (len(drawing.edges) > MERMAID_EDGES or len(text) > MERMAID_CHARACTERS):
        click.echo(
            f"Mermaid draws at most {MERMAID_EDGES} edges and {MERMAID_CHARACTERS:,} characters unless set up for "
            "more. `prentice graph TASK` draws a part, `--format dot` has no such bounds.",
            err=True,
        )
