"""All guards together."""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from prentice.changes.change import Change
from prentice.changes.guards.elision import elisions
from prentice.changes.guards.invisible import invisible_characters
from prentice.changes.guards.objection import Objection, Policy, View
from prentice.changes.guards.paths import outside
from prentice.changes.guards.protected import protected
from prentice.changes.guards.shrinkage import shrinkage
from prentice.changes.guards.size import too_large, too_much
from prentice.changes.guards.syntax import new_errors
from prentice.changes.guards.tests import weakened_tests
from prentice.changes.guards.vanished import vanished_symbols

Guard: TypeAlias = Callable[[View, Policy], Iterator[Objection]]
GUARDS: Final[tuple[Guard, ...]] = (
    outside,
    protected,
    elisions,
    shrinkage,
    new_errors,
    weakened_tests,
    invisible_characters,
    too_large,
)
"""The guards that look at one file; `too_much` and `vanished_symbols` look at all together."""


def guard(change: Change, *, policy: Policy) -> list[Objection]:
    """Give everything that speaks against a change; an empty list means that nothing does."""
    views = [View(file) for file in change.files]
    found = [objection for view in views for one in GUARDS for objection in one(view, policy)]
    return [*found, *too_much(views, policy), *vanished_symbols(views, policy)]
