"""What would answer now: each backend looked at by itself, the model that was named, and the choice among them."""

import asyncio
from dataclasses import replace

from prentice.backends.router import choose
from prentice.backends.routing.hosts import hosts_of
from prentice.backends.routing.survey import BACKENDS
from prentice.config import Settings
from prentice.errors import BackendError, ConfigError, PrenticeError
from prentice.skills.doctor.finding import Finding
from prentice.skills.doctor.mlx import mlx_findings, mlx_runtime
from prentice.skills.doctor.models import model_findings
from prentice.skills.doctor.ollama import ollama_findings
from prentice.skills.doctor.openai import openai_findings


def backend_findings(settings: Settings) -> list[Finding]:
    """Look at every backend that may answer, or at the one that the user named."""
    return asyncio.run(_findings(settings))


async def _findings(settings: Settings) -> list[Finding]:
    looks = {"ollama": ollama_findings, "openai": openai_findings, "mlx": _mlx}
    wanted = [name for name in BACKENDS if settings.backend in {"auto", name}]
    each = [(name, of) for name in wanted for of in [host.settings for host in hosts_of(name, settings)] or [settings]]
    found = [finding for name, of in each for finding in await looks[name](of)]
    if wanted:
        try:
            found += await model_findings(settings)
        except (BackendError, ConfigError) as error:  # also what was said of the backend already
            if all(finding.ok for finding in found):
                found.append(Finding(check="models", ok=False, found=error.message, next_step=error.next_step))
    choice = await _choice(settings)
    wrong = next((finding for finding in found if not finding.ok), None)
    if not choice.ok and wrong is not None:
        choice = replace(choice, next_step=wrong.next_step)  # of the two the one that knows the cause
    found.append(choice)
    if choice.ok and choice.found.startswith("builtin"):
        found.append(
            Finding(
                check="models",
                ok=True,
                found="plans are made by the built-in rules",
                next_step="`prentice models recommend` says which model suits this machine, and how to get it.",
            )
        )
    return found


async def _choice(settings: Settings) -> Finding:
    """Choose as `breakdown` does."""
    try:
        choice = await choose(settings, purpose="breakdown")
    except PrenticeError as error:
        return Finding(check="backend", ok=False, found=error.message, next_step=error.next_step)
    return Finding(check="backend", ok=True, found=f"{choice.backend.name} ({choice.model}): {choice.reason}")


async def _mlx(settings: Settings) -> list[Finding]:
    return list(mlx_findings(await asyncio.to_thread(mlx_runtime), wanted=settings.backend == "mlx"))
