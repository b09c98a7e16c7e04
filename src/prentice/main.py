"""The entry point: answers `--version` by itself, and hands everything else to the command line."""

import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    if sys.argv[1:] == ["--version"]:
        from prentice import __version__  # noqa: PLC0415 - nothing else is needed, and nothing else is loaded

        sys.stdout.write(f"prentice {__version__}\n")
        return
    from prentice.cli.app import run  # noqa: PLC0415 - as above

    sys.exit(run(sys.argv[1:]))
