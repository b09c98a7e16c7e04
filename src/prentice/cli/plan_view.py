"""A plan on the terminal: a tree of subtasks with criteria and estimates, then waves and the critical path."""

from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from prentice.cli.output import console

if TYPE_CHECKING:
    from prentice.skills.breakdown.proposal import Proposal
    from prentice.tasks.plan import Subtask

_COLOURS = {"simple": "green", "medium": "yellow", "complex": "red"}


def print_plan(proposal: "Proposal") -> None:
    """Print a proposal and what can be done with it."""
    out = console()
    tree = Tree(Text(f"{proposal.id}  {proposal.task or 'new task'}: {proposal.name}", style="bold"), guide_style="dim")
    critical = set(proposal.critical_path)
    for subtask in proposal.subtasks:
        branch = tree.add(_head(subtask, proposal, is_critical=subtask.key in critical))
        branch.add(Text(subtask.description))
        for criterion in subtask.acceptance_criteria:
            branch.add(Text(f"☐ {criterion}", style="dim"))
    out.print(tree)
    out.print()
    for number, wave in enumerate(proposal.waves, start=1):
        out.print(Text.assemble((f"wave {number}  ", "bold"), ", ".join(wave)))
    total = sum(proposal.estimates[key].median for key in proposal.critical_path)
    out.print(Text.assemble(("critical path  ", "bold"), " → ".join(proposal.critical_path), f"  ({total:g} h)"))
    planner = (
        "the built-in planner, no model" if proposal.backend == "builtin" else f"{proposal.model} on {proposal.backend}"
    )
    out.print(Text.assemble(("planned by  ", "bold"), planner))
    for warning in proposal.warnings:
        out.print(Text(f"! {warning}", style="yellow"))
    out.print()
    out.print(
        Text(
            f"prentice approve {proposal.id}            make these tasks (--only KEY,KEY  --edit)\n"
            f"prentice reject {proposal.id}             set the plan aside",
            style="dim",
        )
    )


def _head(subtask: "Subtask", proposal: "Proposal", *, is_critical: bool) -> Text:
    estimate = proposal.estimates[subtask.key]
    head = Text.assemble(
        (subtask.key, "bold cyan"),
        f"  {subtask.name}  ",
        (subtask.complexity, _COLOURS[subtask.complexity]),
        f", {subtask.category.replace('_', ' ')}, {estimate.bucket}",
    )
    if subtask.dependencies:
        head.append(f"  after {', '.join(subtask.dependencies)}", style="dim")
    if is_critical:
        head.append("  ●", style="magenta")
    return head
