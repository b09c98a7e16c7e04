"""All guards together."""

from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.guards.contract import broken
from prentice.skills.optimize.guards.form import misshapen
from prentice.skills.optimize.guards.invention import invented
from prentice.skills.optimize.guards.loss import lost
from prentice.skills.optimize.guards.objection import Objection
from prentice.skills.optimize.guards.turning import turned


def objections(after: str, grounds: Grounds) -> tuple[Objection, ...]:
    """Give all that speaks against a rewrite of the grounds' prompt; nothing does against the prompt itself."""
    before = grounds.text
    if after == before:
        return ()
    return (
        *misshapen(before, after, grounds),
        *broken(before, after),
        *invented(after, grounds),
        *lost(before, after),
        *turned(before, after, grounds),
    )
