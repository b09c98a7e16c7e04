"""The options that every command takes, before or after its name, and the project they select."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

if TYPE_CHECKING:
    from prentice.library import Prentice
    from prentice.tasks.rules import Actor

_F = TypeVar("_F", bound=Callable[..., Any])


def _keep(context: click.Context, parameter: click.Parameter, value: object) -> None:
    root = context.find_root()
    if root.obj is None:
        root.obj = Selection()
    if value is not None and parameter.name:
        setattr(root.obj, parameter.name, value)


def _global(*names: str, **attributes: Any) -> Callable[[Callable[..., Any]], object]:  # noqa: ANN401 - click's own
    return click.option(*names, expose_value=False, callback=_keep, **attributes)


_GLOBAL: Final = (
    _global("--project", metavar="DIR", help="Work on the project in DIR instead of the current directory."),
    _global("--json", is_flag=True, default=None, help="Print one JSON document; progress goes to stderr."),
    _global("-v", "--verbose", is_flag=True, default=None, help="Say more on stderr."),
    _global("--model", metavar="NAME", help="Use this model."),
    _global("--backend", metavar="NAME", help="Use this backend: auto, ollama, mlx, openai, builtin or scripted:FILE."),
)


@dataclass(slots=True)
class Selection:
    """What the global options say."""

    project: str | None = None
    json: bool = False
    verbose: bool = False
    model: str | None = None
    backend: str | None = None

    @property
    def directory(self) -> Path:
        """The directory that was named, else the root of the project or repository that the user stands in."""
        from prentice.store.project import root_of

        return Path(self.project) if self.project is not None else root_of(Path.cwd())

    def open(self) -> "Prentice":
        """Open the directory that was selected, as the actor that runs the command."""
        from prentice.library import open_project

        return open_project(self.directory, backend=self.backend, model=self.model, actor=actor())


def selection() -> Selection:
    """Give the global options of the running command."""
    root = click.get_current_context().find_root()
    if root.obj is None:
        root.obj = Selection()
    return cast("Selection", root.obj)


def actor() -> "Actor":
    """Say who runs this command: a person at a terminal, else a script."""
    return "person" if sys.stdin is not None and sys.stdin.isatty() else "script"


def global_options(function: _F) -> _F:
    """Add the global options to a command; their values go to the selection, not to the command's arguments."""
    for option in reversed(_GLOBAL):
        option(function)  # click notes options on the function itself
    return function
