"""The command that looks over the machine and the project."""

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json, shown


@click.command("doctor")
@global_options
def doctor_command() -> int:
    """Say what is found, what is wrong, and the command that mends it. Ends with 1 when something is wrong."""
    findings = selection().open().doctor()
    if selection().json:
        print_json([finding.document() for finding in findings])
    else:
        for finding in findings:
            mark = click.style("ok ", fg="green") if finding.ok else click.style("!! ", fg="red")
            click.echo(f"{mark} {finding.check:<20}{shown(finding.found)}")
            if finding.next_step:
                click.echo(f"{'':<24}{shown(finding.next_step)}")
    return 0 if all(finding.ok for finding in findings) else 1
