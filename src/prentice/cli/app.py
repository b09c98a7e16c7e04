"""The command group: names of commands and where they live, and how errors leave."""

import gc
import io
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

import click

from prentice.cli.options import global_options
from prentice.cli.output import report_error
from prentice.errors import DefectError, PrenticeError, UsageError

COMMANDS: Final = {
    "init": "project",
    "doctor": "doctor",
    "add": "tasks",
    "list": "tasks",
    "show": "tasks",
    "next": "working",
    "graph": "drawing",
    "edit": "tasks",
    "comment": "tasks",
    "status": "working",
    "claim": "working",
    "release": "working",
    "delete": "working",
    "export": "export",
    "import": "importing",
    "analyze": "judging",
    "estimate": "judging",
    "breakdown": "planning",
    "approve": "planning",
    "reject": "planning",
    "flow": "flow",
    "execute": "executing",
    "review": "reviewing",
    "apply": "reviewing",
    "undo": "reviewing",
    "optimize": "optimizing",
    "models": "models",
    "summarize": "summarizing",
    "usage": "usage",
    "runs": "runs",
    "worker": "runs",
    "eval": "evaluating",
    "git-merge": "merging",
    "mcp": "serving",
    "web": "web",
}
"""Commands and their modules in this package, imported when a command is used."""

INTERRUPTED: Final = 130
"""The exit code that shells give for a program ended by Ctrl-C."""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"prentice.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command


@click.group(cls=_LazyGroup, name="prentice", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="prentice", message="prentice %(version)s")
@global_options
def group() -> None:
    """Give the easy part of software work to the language model on your own machine, under review."""


def _prepare() -> None:
    gc.set_threshold(
        200_000, 20, 100
    )  # a long task list is many objects that live to the end; looking for cycles costs
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows another


def run(arguments: Sequence[str]) -> int:  # noqa: PLR0911 - one return for each way a command can end
    """Run one command and give its exit code: 0, 1 for an error, 2 for a wrong call, 130 when interrupted."""
    as_json = "--json" in arguments
    _prepare()
    try:
        code = group.main(list(arguments), standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stdout.write(error.ctx.get_help() + "\n" if error.ctx else "")
        return 0
    except click.UsageError as error:
        hint = f"See `{error.ctx.command_path} --help`." if error.ctx else "See `prentice --help`."
        report_error(UsageError(error.format_message(), next_step=hint), as_json=as_json)
        return 2
    except UsageError as error:
        report_error(error, as_json=as_json)
        return 2
    except PrenticeError as error:
        report_error(error, as_json=as_json)
        return 1
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write("Stopped. Nothing was changed.\n")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except Exception as error:
        if "-v" in arguments or "--verbose" in arguments:
            raise
        defect = DefectError(
            f"A defect in Prentice: {type(error).__name__}: {str(error)[:200]}.",
            next_step="Run again with `-v` and report what it prints.",
        )
        report_error(defect, as_json=as_json)
        return 1
    return code if isinstance(code, int) else 0
