"""The options that every command takes, before or after its name, and the project they select."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

if TYPE_CHECKING:
    from prentice.library import Prentice
    from prentice.tasks.rules import Actor

_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(slots=True)
class Selection:
    """What the global options say."""

    project: str = "."
    json: bool = False
    verbose: bool = False
    model: str | None = None
    backend: str | None = None

    def open(self) -> "Prentice":
        """Open the directory that was selected, as the actor that runs the command."""
        from prentice.library import open_project

        return open_project(self.project, backend=self.backend, model=self.model, actor=actor())


def selection() -> Selection:
    """Give the global options of the running command."""
    root = click.get_current_context().find_root()
    if root.obj is None:
        root.obj = Selection()
    return cast("Selection", root.obj)


def actor() -> "Actor":
    """Say who runs this command: a person at a terminal, else a script."""
    return "person" if click.get_text_stream("stdin").isatty() else "script"


def global_options(function: _F) -> _F:
    """Add the global options to a command; their values go to the selection, not to the command's arguments."""
    options: tuple[Callable[[_F], _F], ...] = (
        _option("--project", metavar="DIR", help="Work on the project in DIR instead of the current directory."),
        _option("--json", is_flag=True, default=None, help="Print one JSON document; progress goes to stderr."),
        _option("-v", "--verbose", is_flag=True, default=None, help="Say more on stderr."),
        _option("--model", metavar="NAME", help="Use this model."),
        _option("--backend", metavar="NAME", help="Use this backend: auto, ollama, builtin or scripted:FILE."),
    )
    for add in reversed(options):
        function = add(function)
    return function


def _option(*names: str, **attributes: Any) -> Callable[[_F], _F]:  # noqa: ANN401 - click's own, passed on
    """Declare one global option."""
    return click.option(*names, expose_value=False, callback=_keep, **attributes)


def _keep(context: click.Context, parameter: click.Parameter, value: object) -> None:
    root = context.find_root()
    if root.obj is None:
        root.obj = Selection()
    if value is not None and parameter.name:
        setattr(root.obj, parameter.name, value)
