"""Working: carrying the runs of a directory that no other process carries."""

from typing import TYPE_CHECKING, cast

from prentice.library.executing import Executing
from prentice.library.finishing import finished

if TYPE_CHECKING:
    from prentice.runs.registry import Registry
    from prentice.skills.execute.services import ExecutionServices
    from prentice.skills.services import Services


class Working(Executing):
    """What a worker does."""

    def work(self, *, idle_seconds: float | None = None, slots: int = 2) -> int:
        """Carry runs of every kind until interrupted, or until nothing was there to be carried for `idle_seconds`.

        Gives how many came to their end here. `slots` is how many are carried at a time.

        Raises:
            LedgerError: the ledger could not be used several times in a row.
        """
        return finished(lambda: self.work_async(idle_seconds=idle_seconds, slots=slots), method="work")

    async def work_async(self, *, idle_seconds: float | None = None, slots: int = 2) -> int:
        """Do `work` on the running event loop; cancelling it gives back what is carried."""
        from prentice.ledger.pruning import prune
        from prentice.runs.worker import work

        table = self._ledgers.runs()
        prune(table, most_days=self.settings.runs_keep_days, most_bytes=self.settings.runs_keep_mb * 1_000_000)
        return await work(table, self._every_kind(), self._services_of, idle_seconds=idle_seconds, slots=slots)

    def _every_kind(self) -> "Registry[ExecutionServices]":
        """Give the bodies and steps of all skills; the services of executions are those of the others too."""
        from prentice.runs.registry import Registry
        from prentice.skills import generating, pulling, summarizing
        from prentice.skills.breakdown import run as breakdown_run
        from prentice.skills.code_review import run as code_review_run
        from prentice.skills.execute import run as execute_run
        from prentice.skills.optimize import run as optimize_run

        registry: Registry[ExecutionServices] = Registry()
        execute_run.register(registry)
        for skill in (breakdown_run, code_review_run, optimize_run, pulling, generating, summarizing):
            skill.register(cast("Registry[Services]", registry))
        return registry
