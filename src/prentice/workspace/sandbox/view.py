"""What of the machine a command gets to see, and what of that it may write."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from prentice.workspace.borrowed import borrowed
from prentice.workspace.worktree import Worktree

SYSTEM: Final = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix", "/gnu", "/snap",
)  # fmt: skip
"""Directories of the system that programs are made of."""
SECRET: Final = (
    "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/ssh", "/etc/sudoers", "/etc/sudoers.d",
    "/etc/ssl/private", "/etc/krb5.keytab", "/etc/security/opasswd", "/etc/wireguard", "/etc/NetworkManager",
    "/etc/docker", "/etc/kubernetes", "/etc/rancher", "/etc/letsencrypt", "/etc/pki/tls/private",
)  # fmt: skip
"""What of them is nobody's business; other users cannot read most of it anyway, root can."""
_TOOLS: Final = (
    ".cargo/bin", ".cargo/registry", ".cargo/git", ".rustup", "go/pkg/mod", "go/bin", ".pyenv", ".local/bin",
    ".local/lib", ".local/share/uv/python", ".local/share/uv/tools", ".local/share/pipx", ".local/pipx", ".nvm",
    ".volta", ".local/share/fnm", ".asdf", ".local/share/mise", ".rbenv", ".sdkman", ".bun/bin", ".deno/bin",
    ".local/share/pnpm", "miniconda3", "anaconda3", "miniforge3", ".m2/repository",
)  # fmt: skip
"""Where tools and fetched packages live below a home directory. Nothing here holds keys; `.cargo` as a whole would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Directories for one command. Only `tree`, `home` and `scratch` may be written.

    `tree` is shown at `top`, where the user's own tree is not to be seen, so that an environment that was installed
    for the user's tree finds the worktree; `directory` is where in it the command starts. `lent` are directories of the
    user's tree, shown read-only at the same place; `objects` are git's, with the places where they are shown. `on_run`
    is called before a command is started.
    """

    tree: Path
    top: Path
    directory: str
    home: Path
    scratch: Path
    git_dir: Path
    objects: tuple[tuple[Path, Path], ...] = ()
    lent: tuple[str, ...] = ()
    readable: tuple[Path, ...] = ()
    on_run: Callable[[], object] = field(default=lambda: None, compare=False, repr=False)

    @classmethod
    def of(
        cls, worktree: Worktree, *, readable: Iterable[Path] = (), environment: Mapping[str, str] | None = None
    ) -> "View":
        """Give the view of a command in a worktree: the system, the tools in the user's home, and what is lent."""
        environment = os.environ if environment is None else environment
        lent = borrowed(worktree.top, submodules=worktree.submodules)
        installed = tools(environment)
        environments = [*(worktree.top / path for path in lent), *installed, *readable]
        found = [*installed, *_interpreters(environments), *readable]
        return cls(
            tree=worktree.tree, top=worktree.top, home=worktree.home, scratch=worktree.scratch,
            directory=worktree.root.relative_to(worktree.tree).as_posix(),
            git_dir=worktree.git_dir, objects=worktree.objects, lent=tuple(lent),
            readable=tuple(dict.fromkeys(path for path in found if not _is_system(path))), on_run=worktree.touched,
        )  # fmt: skip

    def programs(self, at: Path) -> list[Path]:
        """List the project's own directories of programs, as they are called with the tree shown at a place."""
        found = []
        for path in self.lent:
            name = ".bin" if path.endswith("node_modules") else "bin"
            if (self.top / path / name).is_dir():
                found.append(at / path / name)
        return found


def tools(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Give the directories of the user's own programs, outside of those of the system."""
    return tuple(path for path in _tools(environment) if not _is_system(path))


def _tools(environment: Mapping[str, str]) -> Iterator[Path]:
    home = Path(environment.get("HOME") or Path.home())
    yield from (path for name in _TOOLS if (path := home / name).is_dir())
    for entry in environment.get("PATH", "").split(os.pathsep):
        directory = Path(entry)
        if not directory.is_absolute() or not directory.is_dir() or _is_wide(directory, home):
            continue
        above = directory.parent
        yield above if directory.name == "bin" and _is_installation(above) and not _is_wide(above, home) else directory
        yield from _packages(directory)


def _packages(directory: Path) -> Iterator[Path]:
    """Give the packages that the links in a directory of Node programs lead to."""
    if directory.name == ".bin" and directory.parent.name == "node_modules":
        yield directory.parent
    elif (packages := directory.parent / "lib" / "node_modules").is_dir():
        yield packages


def _is_installation(directory: Path) -> bool:
    """Whether a directory with `bin` in it is one program's own: it has its libraries too, and is not hidden.

    A hidden one such as ~/.cargo or ~/.local holds keys beside its programs; a virtual environment does not.
    """
    if (directory / "pyvenv.cfg").is_file():
        return True
    return not directory.name.startswith(".") and any((directory / name).is_dir() for name in ("lib", "libexec"))


def _interpreters(environments: Iterable[Path]) -> Iterator[Path]:
    """Give where the Python of a virtual environment is installed."""
    for environment in environments:
        python = environment / "bin" / "python"
        if (environment / "pyvenv.cfg").is_file() and python.exists():
            yield python.resolve().parent.parent


def _is_wide(path: Path, home: Path) -> bool:
    """Whether a directory holds more than programs: the home directory, or one above it."""
    return path == home or path in home.parents or len(path.parts) <= 2


def _is_system(path: Path) -> bool:
    return any(path.is_relative_to(directory) for directory in SYSTEM)
