"""The environment variables of a command: none of the user's own but what programs cannot run without."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

_KEPT: Final = ("TZ", "JAVA_HOME", "GOROOT", "RUSTUP_TOOLCHAIN", "PYENV_VERSION", "NVM_BIN", "SYSTEMROOT", "PATHEXT")
_SET: Final = {
    "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TERM": "dumb", "NO_COLOR": "1", "CI": "1", "PAGER": "cat",
    "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1", "PIP_NO_INDEX": "1",
    "UV_OFFLINE": "1", "UV_NO_SYNC": "1", "CARGO_NET_OFFLINE": "true", "CARGO_TERM_COLOR": "never", "GOPROXY": "off",
    "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false", "npm_config_offline": "true", "npm_config_audit": "false",
    "npm_config_update_notifier": "false", "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1", "DO_NOT_TRACK": "1",
}  # fmt: skip
"""Same answers every time, no questions, and no attempt to fetch what cannot be fetched."""
GO_CACHE: Final = "go-build"
"""Go's cache of what it compiled, in the private home."""


def scrubbed(
    environment: Mapping[str, str], *, home: Path, temporary: Path, programs: Iterable[Path], scratch: Path
) -> dict[str, str]:
    """Give a command's environment: keys, tokens and everything else that is not named here stay out.

    `programs` come first on the path. Tools that live in the user's home are told where that is.
    """
    found = {name: environment[name] for name in _KEPT if name in environment} | _SET
    real = Path(environment.get("HOME") or Path.home())
    paths = [*map(str, programs), *environment.get("PATH", os.defpath).split(os.pathsep)]
    return found | {
        "HOME": str(home), "TMPDIR": str(temporary), "PATH": os.pathsep.join(dict.fromkeys(filter(None, paths))),
        "CARGO_HOME": environment.get("CARGO_HOME", str(real / ".cargo")),
        "RUSTUP_HOME": environment.get("RUSTUP_HOME", str(real / ".rustup")),
        "GOMODCACHE": environment.get("GOMODCACHE", str(real / "go" / "pkg" / "mod")),
        "GOPATH": str(home / "go"), "GOCACHE": str(home / GO_CACHE),
        "CARGO_TARGET_DIR": str(scratch / "cargo"), "MYPY_CACHE_DIR": str(scratch / "mypy"),
        "RUFF_CACHE_DIR": str(scratch / "ruff"), "XDG_CACHE_HOME": str(home / ".cache"),
    }  # fmt: skip
