"""The checks of a project: what the settings name, else what its build files name."""

from collections.abc import Collection
from pathlib import Path

from prentice.config import Settings
from prentice.context.checks import checks
from prentice.workspace.checks.check import Check, configured_checks, found_checks


def project_checks(root: Path, files: Collection[str], *, settings: Settings) -> tuple[Check, ...]:
    """Give the checks of the project whose files lie below `root`.

    Raises:
        ConfigError: a check of the settings is no command.
    """
    if settings.checks_commands:
        return configured_checks(settings.checks_commands, seconds=settings.checks_seconds)
    return found_checks(checks(root, files), seconds=settings.checks_seconds)
