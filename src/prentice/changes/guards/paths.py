"""Where a change may reach: inside the project, inside what the task allows."""

from collections.abc import Iterator

from prentice.changes.guards.objection import Objection, Policy, View
from prentice.changes.paths import path_problem


def outside(view: View, policy: Policy) -> Iterator[Objection]:
    """Object to paths that leave the project or that the task does not allow."""
    for path in dict.fromkeys((view.file.old_path, view.path)):
        if problem := path_problem(path):
            yield view.object("path", "refuse", problem)
        elif policy.allowed is not None and not _is_allowed(path, policy.allowed):
            yield view.object("not_allowed", "refuse", "The task does not allow changes of this file.")


def _is_allowed(path: str, allowed: frozenset[str]) -> bool:
    return path in allowed or any(place.endswith("/") and path.startswith(place) for place in allowed)
