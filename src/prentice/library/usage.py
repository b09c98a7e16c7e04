"""What the models of this machine were used for."""

import time
from typing import TYPE_CHECKING

from prentice.errors import UsageError
from prentice.library.directory import Directory

if TYPE_CHECKING:
    from prentice.skills.usage import Usage

_DAY = 86_400.0


class Usages(Directory):
    """What was asked of models, on this machine and by this user, in whatever project."""

    def usage(self, *, days: int = 30) -> "Usage":
        """Add up the calls of the last days, by day, model and kind of work.

        Raises:
            UsageError: fewer than one day was asked for.
            LedgerError: the record cannot be read.
        """
        from prentice.ledger.usage import usage
        from prentice.skills.usage import Usage

        if days < 1:
            raise UsageError(f"{days} days cannot be added up.", next_step="Use `--days 1` or more.")
        has_record = self._ledgers.known_record() is not None
        rows = usage(self._ledgers.record, since=time.time() - days * _DAY) if has_record else []
        return Usage.of(rows, days=days, settings=self.settings)
