"""From a directory to a tuning: the model that is chosen there, opened, known by its quantization, and recorded."""

import asyncio
import os
from collections.abc import Callable
from contextlib import AsyncExitStack

from prentice.backends.router import Choice, choose
from prentice.backends.routing.probes import PROBES_FILE, Probes
from prentice.config import data_directory
from prentice.errors import UsageError
from prentice.evals.examples import Example
from prentice.evals.tuning import DEFAULT_CALLS, Tuning, tune
from prentice.library import Prentice
from prentice.skills.ledgers import Ledgers
from prentice.skills.optimize.model_key import model_key
from prentice.skills.optimize.replies import PURPOSE


def tune_in(
    project: Prentice,
    template: str,
    examples: tuple[Example, ...],
    *,
    calls: int | None = None,
    on_candidate: Callable[[int, float], None] = lambda _number, _score: None,
) -> Tuning:
    """Tune a template for the model that the settings of a directory choose. Not on a running event loop.

    Raises:
        UsageError, ConfigError: there is no model, or the template or the examples cannot be used.
        BackendError: the model cannot be used, or fails again and again.
    """
    ledgers = Ledgers(project.directory, project=project.project)
    with asyncio.Runner() as runner:
        opened = AsyncExitStack()
        try:
            choice = runner.run(_opened(project, ledgers, opened))
            return tune(
                template, examples, backend=choice.backend, model=runner.run(model_key(choice)), runner=runner,
                settings=project.settings, calls=calls or DEFAULT_CALLS, recorder=ledgers.calls(project.settings),
                on_candidate=on_candidate,
            )  # fmt: skip
        finally:
            runner.run(opened.aclose())


async def _opened(project: Prentice, ledgers: Ledgers, opened: AsyncExitStack) -> Choice:
    choice = await choose(
        project.settings, purpose=PURPOSE, record=ledgers.known_record(),
        probes=Probes(data_directory(os.environ) / PROBES_FILE),
    )  # fmt: skip
    if choice.backend.name == "builtin":
        raise UsageError(
            f"There is no model to tune for: {choice.reason}.",
            next_step="Name one: `prentice eval tune TEMPLATE --model NAME`; `prentice models` lists what is here.",
        )
    await opened.enter_async_context(choice.backend)
    return choice
