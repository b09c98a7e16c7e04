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
    from prentice.tasks.drawing import Drawing
    from prentice.tasks.edits import not_found

    todolist = selection().open().tasks()
    if task and task not in todolist.tasks:
        raise not_found(task, todolist.tasks)
    drawing = Drawing.of(todolist, task=task, closed=everything)
    if selection().json:
        print_json(drawing.document())
        return
    lines = {"tree": drawing.tree, "dot": drawing.dot, "mermaid": drawing.mermaid}[form]()
    click.echo("\n".join(shown(line) for line in lines) or "No such tasks. `prentice list --all` shows them all.")
