"""Models: what is there, and which one would do a task, and why."""

from typing import TYPE_CHECKING

from prentice.library.finishing import finished
from prentice.library.judging import Judging

if TYPE_CHECKING:
    from prentice.backends.router import Explained
    from prentice.backends.routing.listing import Inventory, Listed
    from prentice.backends.routing.probes import Probes


class Models(Judging):
    """The models of this machine."""

    def models(self) -> "list[Listed]":
        """List the models of all backends, with what is known of each: does it fit, how fast, how often right."""
        return finished(self.models_async, method="models")

    async def models_async(self) -> "list[Listed]":
        """Do `models` on the running event loop."""
        return list((await self.inventory_async()).models)

    async def inventory_async(self) -> "Inventory":
        """List the models as `models` does, and say of each server that cannot be asked why."""
        from prentice.backends.routing.listing import inventory
        from prentice.backends.routing.policy import load_policy
        from prentice.backends.routing.survey import survey
        from prentice.backends.routing.track_record import NoRecord

        found = await survey(self.settings, probes=self._probes(), fresh=True)
        policy = load_policy(self.settings.policy.get("models"))
        return inventory(found, policy=policy, record=self._ledgers.known_record() or NoRecord())

    def explain_model(self, task: str, *, purpose: str = "") -> "Explained":
        """Say which model would do a task, given by id or as free text, and why not the others.

        `purpose` is a row of the policy such as `breakdown` or `execute`; an empty one follows from the task's lane.

        Raises:
            TaskNotFoundError, TextError: there is no such task.
            ConfigError: the settings for the choice make no sense.
            UsageError: there is no such purpose.
        """
        return finished(lambda: self.explain_model_async(task, purpose=purpose), method="explain_model")

    async def explain_model_async(self, task: str, *, purpose: str = "") -> "Explained":
        """Do `explain_model` on the running event loop."""
        from contextlib import nullcontext

        from prentice.backends.openai.findings import kept_in
        from prentice.backends.router import explain
        from prentice.skills.model_need import need_of

        subject = self.subject(task)
        assessment = await self.analyze_async(task)
        record = self._ledgers.known_record()
        need = need_of(subject, assessment, settings=self.settings, record=record, purpose=purpose)
        with kept_in(record.findings()) if record else nullcontext():
            return await explain(self.settings, need=need, record=record, probes=self._probes())

    def _probes(self) -> "Probes":
        import os

        from prentice.backends.routing.probes import PROBES_FILE, Probes
        from prentice.config import data_directory

        return Probes(data_directory(os.environ) / PROBES_FILE)
