"""The object that a directory is opened as."""

from collections.abc import Mapping
from pathlib import Path

from prentice import config
from prentice.errors import UsageError
from prentice.library.mending import Mending
from prentice.library.model_store import ModelStore
from prentice.library.queries import Queries
from prentice.library.summarizing import Summarizing
from prentice.library.usage import Usages
from prentice.library.working import Working
from prentice.store.project import find_project
from prentice.tasks.rules import Actor


class Prentice(Working, Queries, Mending, ModelStore, Summarizing, Usages):
    """Tasks, plans and assessments of one directory. Methods that end in `_async` are for a running event loop."""


def open_project(
    directory: str | Path = ".",
    *,
    backend: str | None = None,
    model: str | None = None,
    actor: Actor = "script",
    options: Mapping[str, object] | None = None,
) -> Prentice:
    """Open the project that a directory belongs to, or the directory itself where there is none.

    `actor` is who is recorded as deciding; `options` are further fields of `Settings`.

    Raises:
        UsageError: the directory does not exist.
        ConfigError: a settings file does not make sense.
    """
    path = Path(directory)
    if not path.is_dir():
        raise UsageError(f"{path} is not a directory.", next_step="Give the directory of the project: `--project DIR`.")
    project = find_project(path)
    given = {"backend": backend, "model": model, **(options or {})}
    settings = config.load(project.root if project else None, options=given)
    return Prentice(
        path.resolve(), project=project, settings=settings, actor=actor,
        names_backend=any(given.get(name) for name in ("backend", "model")),
    )  # fmt: skip
