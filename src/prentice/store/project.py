"""Where a project is: the directory that holds `.todo2/`, found upwards from where the user stands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prentice.config import PROJECT_FILE, commented_file
from prentice.store.atomic import replace_file
from prentice.store.lock import locked
from prentice.store.own_directory import OWN_DIRECTORY, made_directory, own_directory
from prentice.store.todo2_file import FILE_NAME, Todo2File
from prentice.tasks import todo2

TODO2_DIRECTORY: Final = ".todo2"
_INIT_SECONDS: Final = 10.0
_PASSING: Final = f"# The lock, and files that stand here for a moment.\n*.lock\n.{FILE_NAME}.*.tmp\n".encode()


@dataclass(frozen=True, slots=True)
class Project:
    """A directory with a Todo2 file."""

    root: Path

    @property
    def todo2_path(self) -> Path:
        """The Todo2 file."""
        return self.root / TODO2_DIRECTORY / FILE_NAME

    @property
    def ledger_path(self) -> Path:
        """The SQLite file of runs and proposals."""
        return self.root / OWN_DIRECTORY / "ledger.db"

    def own_directory(self) -> Path:
        """Make `.prentice/` with the file that keeps the ledger out of git, and give its path.

        Raises:
            WriteFailedError: it cannot be made.
        """
        return own_directory(self.root)


def find_project(start: Path) -> Project | None:
    """Find the nearest directory with `.todo2/`, from `start` upwards as far as the root of a git repository."""
    here = start.resolve()
    for directory in (here, *here.parents):
        if (directory / TODO2_DIRECTORY).is_dir():
            return Project(directory)
        if (directory / ".git").exists():
            return None
    return None


def root_of(start: Path) -> Path:
    """Find the root of the project, else of the git repository, that a directory lies in; else the directory itself."""
    here = start.resolve()
    if project := find_project(here):
        return project.root
    return next((directory for directory in (here, *here.parents) if (directory / ".git").exists()), here)


def init_project(root: Path, *, now: str) -> tuple[Project, list[str]]:
    """Make what is missing of `.todo2/` and `.prentice/`; give the project and the paths that were made.

    Raises:
        WriteFailedError: a directory or file cannot be made.
        StoreError: there is a Todo2 file that cannot be read.
    """
    project = Project(root.resolve())
    made: list[str] = []
    path = project.todo2_path
    made_directory(path.parent)
    with locked(path, wait=_INIT_SECONDS):
        if path.exists() or path.is_symlink():
            Todo2File(path).read()
        else:
            replace_file(path, todo2.new_state(now))
            made.append(f"{TODO2_DIRECTORY}/{FILE_NAME}")
            ignore = path.with_name(".gitignore")
            if not ignore.exists():
                replace_file(ignore, _PASSING)
                made.append(f"{TODO2_DIRECTORY}/.gitignore")
    project.own_directory()
    settings = project.root / PROJECT_FILE
    if not settings.exists():
        replace_file(settings, commented_file().encode())
        made.append(PROJECT_FILE.as_posix())
    return project, made
