"""Which sandbox works on this machine, found by running something in it."""

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

from prentice.errors import SandboxError
from prentice.workspace.sandbox.bubblewrap import Bubblewrap
from prentice.workspace.sandbox.limits import Limits
from prentice.workspace.sandbox.seatbelt import PROGRAM, Seatbelt
from prentice.workspace.sandbox.unconfined import Unconfined
from prentice.workspace.sandbox.view import View

Sandbox: TypeAlias = Bubblewrap | Seatbelt | Unconfined
_SECONDS: Final = 20.0
_ALLOW: Final = 'set `checks.sandbox = "optional"` to run checks without one'


def chosen(*, required: bool = True) -> Sandbox:
    """Give the sandbox of this machine; where it is not required and none works, the one that isolates nothing.

    Raises:
        SandboxError: none works; the next step says what to install.
    """
    try:
        return working()
    except SandboxError:
        if required:
            raise
        return Unconfined()


@cache
def working() -> Bubblewrap | Seatbelt:
    """Give the sandbox of this machine, tried out once.

    Raises:
        SandboxError: none works.
    """
    if sys.platform == "darwin":
        if not Path(PROGRAM).exists():
            raise SandboxError(f"{PROGRAM} is missing.", next_step=f"Repair the system, or {_ALLOW}.")
        sandbox: Bubblewrap | Seatbelt = Seatbelt()
    elif sys.platform == "linux":
        program = shutil.which("bwrap")
        if program is None:
            raise SandboxError(
                "Bubblewrap is not installed, so no check can be run apart from your files.",
                next_step=f"Install it (`apt install bubblewrap`, `dnf install bubblewrap`), or {_ALLOW}.",
            )
        sandbox = Bubblewrap.at(program)
    else:
        raise SandboxError("There is no sandbox for this system.", next_step=f"Use Linux or macOS, or {_ALLOW}.")
    _try(sandbox)
    return sandbox


def _try(sandbox: Bubblewrap | Seatbelt) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        place = Path(made).resolve()
        for name in ("tree", "home", "scratch", "git", "top"):
            (place / name).mkdir()
        view = View(
            tree=place / "tree", top=place / "top", directory=".", home=place / "home", scratch=place / "scratch",
            git_dir=place / "git",
        )  # fmt: skip
        command = sandbox.command(["/bin/sh", "-c", ": > written"], view=view, limits=Limits())
        try:
            done = subprocess.run(
                command, cwd=view.tree, capture_output=True, check=False, timeout=_SECONDS, stdin=subprocess.DEVNULL,
                env={"PATH": os.defpath},
            )  # fmt: skip
            said = done.stderr.decode(errors="replace").strip()
        except (OSError, subprocess.TimeoutExpired) as error:
            said = str(error)
        if not (view.tree / "written").exists():
            raise SandboxError(
                f"The sandbox {sandbox.name} does not work here: {said or 'it ended without a word'}.",
                next_step="Allow unprivileged user namespaces (on Ubuntu an AppArmor profile for bwrap; in a container "
                f"`--security-opt seccomp=unconfined`), or {_ALLOW}.",
            )
