"""The library: one object over one directory, which every surface uses.

    import prentice

    project = prentice.open(".")
    plan = project.breakdown("Migrate Python MCP server to Go SDK")
    project.approve(plan.id)

Owns what a surface may ask for, grouped by the part of the work; knows nothing of terminals, protocols and pages.
Planning is imported when it is first used: reading and changing tasks stays quick.
"""

from prentice.library.opening import Prentice as Prentice
from prentice.library.opening import open_project as open_project
