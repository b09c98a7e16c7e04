"""Text that went without having been quoted: a file or symbol rewritten much shorter than it was."""

from collections.abc import Iterator
from typing import Final

from prentice.changes.guards.objection import Objection, Policy, View

MIN_LINES: Final = 10
RATIO: Final = 0.5
"""A rewrite that leaves less than this part of the lines it replaces is more often cut off than meant."""


def shrinkage(view: View, policy: Policy) -> Iterator[Objection]:
    """Object to rewrites that lose most of what they replace."""
    del policy
    if view.file.before is None or view.file.after is None or not view.is_rewritten:
        return
    gone = sum(bool(line.strip()) for line in view.removed)
    come = sum(bool(line.strip()) for _, line in view.added)
    left = sum(bool(line.strip()) for line in view.new.lines)
    if gone >= MIN_LINES and come < gone * RATIO:
        sentence = f"{gone} lines went and {come} came, though none of them was named for removal."
        yield view.object("shrinkage", "refuse", sentence)
    elif not left and gone:
        yield view.object("shrinkage", "refuse", "The file would be empty.")
