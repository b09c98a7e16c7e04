"""Having models: fetching, describing, removing and measuring them, and which to fetch."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from prentice.library.finishing import finished
from prentice.library.models import Models
from prentice.library.running import Running

if TYPE_CHECKING:
    from collections.abc import Callable

    from prentice.backends.progress import Progress
    from prentice.runs.protocol import Event
    from prentice.skills.bench import Bench
    from prentice.skills.model_store import Pulled, Removed, Shown
    from prentice.skills.recommend import Recommended
    from prentice.skills.services import Services


class ModelStore(Running, Models):
    """The models of this machine, as things to have."""

    def pull_model(
        self, name: str, *, insecure: bool = False, on_progress: "Callable[[Progress], None] | None" = None
    ) -> "Pulled":
        """Fetch a model: for Ollama, or for MLX where its name or the chosen backend says so.

        A download that was ended goes on where it stopped. `insecure` allows a registry without encryption.

        Raises:
            UsageError: the chosen backend fetches no models.
            ModelNotFoundError: the registry does not have it.
            BackendError: the server or the registry failed.
        """
        return finished(
            lambda: self.pull_model_async(name, insecure=insecure, on_progress=on_progress), method="pull_model"
        )

    async def pull_model_async(
        self, name: str, *, insecure: bool = False, on_progress: "Callable[[Progress], None] | None" = None
    ) -> "Pulled":
        """Do `pull_model` on the running event loop."""
        from prentice.backends.progress import Progress
        from prentice.runs.registry import Registry
        from prentice.skills import pulling
        from prentice.skills.model_store import Pulled, store_of

        def hear(event: "Event") -> None:
            if event.kind == "progress" and on_progress is not None:
                on_progress(Progress(**event.data["progress"]))

        store_of(name, self.settings)  # a wrong call makes no run
        registry: Registry[Services] = Registry()
        pulling.register(registry)
        async with self._engine(registry, lambda: self._services(self.settings), settings=self.settings) as runs:
            arguments = {"name": name, "insecure": insecure}
            found = await self._outcome(runs, pulling.PULL, arguments, hear if on_progress else None)
        return Pulled(**{name: found[name] for name in ("backend", "name", "size_bytes", "seconds")})

    def show_model(self, name: str) -> "Shown":
        """Describe an installed model.

        Raises:
            ModelNotFoundError: no backend here has it.
            BackendError: the chosen backend cannot be used, or the model runs elsewhere.
        """
        return finished(lambda: self.show_model_async(name), method="show_model")

    async def show_model_async(self, name: str) -> "Shown":
        """Do `show_model` on the running event loop."""
        from prentice.backends.routing.track_record import NoRecord
        from prentice.skills.model_store import show

        return await show(name, self.settings, record=self._ledgers.known_record() or NoRecord())

    def remove_model(self, name: str) -> "Removed":
        """Remove an installed model from the disk.

        Raises:
            UsageError: the chosen backend removes no models, or the directory is the user's own.
            ModelNotFoundError: it is not installed.
            BackendError: the server failed.
        """
        return finished(lambda: self.remove_model_async(name), method="remove_model")

    async def remove_model_async(self, name: str) -> "Removed":
        """Do `remove_model` on the running event loop."""
        from prentice.skills.model_store import remove

        return await remove(name, self.settings)

    def recommend_models(self, kind: Literal["code", "general", ""] = "") -> "Recommended":
        """Say which models suit this machine, for one kind of work or for both.

        Raises:
            ConfigError: the settings for the choice make no sense.
        """
        return finished(lambda: self.recommend_models_async(kind), method="recommend_models")

    async def recommend_models_async(self, kind: Literal["code", "general", ""] = "") -> "Recommended":
        """Do `recommend_models` on the running event loop."""
        from prentice.backends.routing.need import KINDS
        from prentice.skills.recommend import look_and_recommend

        kinds = (kind,) if kind else KINDS
        return await look_and_recommend(self.settings, record=self._ledgers.known_record(), kinds=kinds)

    def bench_model(self, name: str = "") -> "Bench":
        """Measure a model, or the one that would carry out a task, and keep the calls in the record.

        Raises:
            ModelUnsupportedError: there is no model to measure.
            BackendError: the model cannot be used, or failed.
        """
        return finished(lambda: self.bench_model_async(name), method="bench_model")

    async def bench_model_async(self, name: str = "") -> "Bench":
        """Do `bench_model` on the running event loop."""
        from prentice.backends.router import choose
        from prentice.skills.bench import bench

        settings = replace(self.settings, model=name or self.settings.model)
        choice = await choose(settings, purpose="execute", record=self._ledgers.known_record(), probes=self._probes())
        return await bench(
            choice,
            recorder=self._ledgers.calls(settings),
            deadline=settings.deadline_seconds,
            idle=settings.idle_seconds,
        )
