"""Errors as answers: which status each kind has."""

from typing import Final

from prentice.errors import (
    DefectError,
    LedgerError,
    NoProjectError,
    PrenticeError,
    ProposalError,
    ReviewError,
    RuleError,
    RunError,
    StoreError,
    TaskNotFoundError,
    WorkspaceError,
)

_STATUS: Final[tuple[tuple[type[PrenticeError], int], ...]] = (
    (TaskNotFoundError, 404), (RunError, 404), (NoProjectError, 404), (ProposalError, 409), (ReviewError, 409),
    (RuleError, 409), (WorkspaceError, 409), (StoreError, 503), (LedgerError, 503), (DefectError, 500),
)  # fmt: skip


def status_of(error: PrenticeError) -> int:
    """Give the status that an error is answered with."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 400)
