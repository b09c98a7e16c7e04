"""A plan on the terminal: a tree of subtasks with criteria and estimates, then waves and the critical path."""

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text
from rich.tree import Tree

from prentice.cli.output import console, shown

if TYPE_CHECKING:
    from prentice.skills.breakdown.proposal import Proposal
    from prentice.tasks.plan import Subtask

_COLOURS = {"simple": "green", "medium": "yellow", "complex": "red"}


def print_plan(proposal: "Proposal") -> None:
    """Print a proposal and what can be done with it."""
    out = console()
    tree = Tree(
        Text(shown(f"{proposal.id}  {proposal.task or 'new task'}: {proposal.name}"), style="bold"), guide_style="dim"
    )
    critical = set(proposal.critical_path)
    for subtask in proposal.subtasks:
        tree.add(_label(subtask, proposal, is_critical=subtask.key in critical))
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
        out.print(Text(shown(f"! {warning}"), style="yellow"))
    out.print()
    out.print(
        Text(
            f"prentice approve {proposal.id}            make these tasks (--only KEY,KEY  --edit)\n"
            f"prentice reject {proposal.id}             set the plan aside",
            style="dim",
        )
    )


def _label(subtask: "Subtask", proposal: "Proposal", *, is_critical: bool) -> Group:
    head = Text.assemble((subtask.key, "bold cyan"), "  ", (shown(subtask.name), "bold"))
    facts = Text.assemble(
        (subtask.complexity, _COLOURS[subtask.complexity]),
        f", {subtask.category.replace('_', ' ')}, {proposal.estimates[subtask.key].bucket}",
    )
    if subtask.dependencies:
        facts.append(f", after {', '.join(subtask.dependencies)}")
    if is_critical:
        facts.append(", on the critical path", style="magenta")
    criteria = [Text(shown(f"☐ {criterion}"), style="dim") for criterion in subtask.acceptance_criteria]
    return Group(head, facts, Text(shown(subtask.description)), *criteria)
