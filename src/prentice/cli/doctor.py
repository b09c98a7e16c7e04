"""The command that looks over the machine and the project, and mends what can be mended."""

from typing import TYPE_CHECKING

import click

from prentice.cli.options import global_options, selection
from prentice.cli.output import print_json, shown
from prentice.errors import UsageError

if TYPE_CHECKING:
    from prentice.skills.doctor import Finding
    from prentice.store.repaired import Repaired


@click.command("doctor")
@click.option("--repair", is_flag=True, help="Mend the task file where nothing has to be guessed; a backup is kept.")
@click.option("--restore", is_flag=True, help="Bring back the changes that the task file was set back behind.")
@global_options
def doctor_command(*, repair: bool, restore: bool) -> int:
    """Say what is found, what is wrong, and the command that mends it. Ends with 1 when something is wrong."""
    if repair and restore:
        raise UsageError("--repair and --restore are two steps.", next_step="Run `prentice doctor --repair` first.")
    project = selection().open()
    done: list[dict[str, object]] = []
    if repair:
        done.append(_repaired(project.repair()))
    if restore:
        done.append(_restored(project.restore()))
    findings = project.doctor()
    if selection().json:
        print_json(done + [finding.document() for finding in findings])
    else:
        for document in done:
            _print_done(document)
        for finding in findings:
            _print_finding(finding)
    return 0 if all(finding.ok for finding in findings) else 1


def _repaired(repaired: "Repaired") -> dict[str, object]:
    """Give what was mended as a finding, with the changed lines and the path of the backup."""
    found = f"{len(repaired.mended)} mended" if repaired.mended else "nothing that can be mended without guessing"
    return {
        "check": "repair",
        "ok": True,
        "found": found,
        "did": list(repaired.mended),
        "diff": repaired.diff,
        "backup": str(repaired.backup or ""),
    }


def _restored(came_back: tuple[str, ...]) -> dict[str, object]:
    found = f"{len(came_back)} brought back" if came_back else "nothing to bring back"
    return {"check": "restore", "ok": True, "found": found, "did": list(came_back)}


def _print_done(document: dict[str, object]) -> None:
    if diff := document.get("diff"):
        click.echo(f"{shown(str(diff))}\n")
    did = document["did"]
    for sentence in did if isinstance(did, list) else ():
        click.echo(f"{click.style('ok ', fg='green')} {'mended':<20}{shown(str(sentence))}")
    if backup := document.get("backup"):
        click.echo(f"{'':<24}{shown(f'The file as it was: {backup}')}")
    elif not did:
        click.echo(f"{click.style('ok ', fg='green')} {document['check']:<20}{document['found']}")


def _print_finding(finding: "Finding") -> None:
    mark = click.style("ok ", fg="green") if finding.ok else click.style("!! ", fg="red")
    click.echo(f"{mark} {finding.check:<20}{shown(finding.found)}")
    if finding.next_step:
        click.echo(f"{'':<24}{shown(finding.next_step)}")
