"""All checks of the doctor, in the order in which a user reads them."""

from collections.abc import Callable
from pathlib import Path

from prentice.config import Settings
from prentice.skills.doctor import machine
from prentice.skills.doctor.backends import backend_findings
from prentice.skills.doctor.clients import client_findings
from prentice.skills.doctor.execution import execution_findings, review_findings
from prentice.skills.doctor.finding import Finding, guarded
from prentice.skills.doctor.tasks_file import file_findings
from prentice.store.todo2_file import Todo2File


def examine(
    settings: Settings, *, root: Path, file: Todo2File | None, open_ledger: Callable[[], Path]
) -> list[Finding]:
    """Run every check. `file` is None where there is no project."""
    return [
        *machine.programs(),
        machine.git(root),
        *file_findings(file),
        guarded("ledger", lambda: str(open_ledger())),  # before git is asked about it: opening makes what ignores it
        *(machine.kept_out_of_git(root) if file else ()),
        *execution_findings(settings, root=root),
        *(review_findings(root=root, open_ledger=open_ledger) if file else ()),
        *backend_findings(settings),
        *client_findings(root),
    ]
