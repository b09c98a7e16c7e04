"""A throw-away copy of a project, in which a change is tried: made, put back, written to, removed.

It lies in the user's cache, away from the user's tree. From a git repository it is a checkout of one commit, with the
user's uncommitted changes where that is asked; without git, or before the first commit, a copy of the files. The user's
files, index and git directory are only read.
"""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from prentice.changes.change import Change
from prentice.changes.files import SUBMODULE
from prentice.errors import WorktreeError
from prentice.workspace import private_git
from prentice.workspace.borrowed import borrowed
from prentice.workspace.git import Git, Repository
from prentice.workspace.place import places, remove, taken
from prentice.workspace.tree import Tree
from prentice.workspace.walk import walked

_OWN: Final = (".todo2", ".prentice")


@dataclass(frozen=True, slots=True)
class _Overlay:
    """What the user has not committed: files by path below the top, kept beside the tree; None where deleted."""

    files: dict[str, Path | None]


class Worktree:
    """A copy of a project at one state, to be written to and put back. Made by `worktree`.

    `project` is the user's directory, `root` the same directory in the copy; both lie equally deep below `top` and
    `tree`, which are the whole repository. `home` and `scratch` are private directories for checks. `base` is the
    commit's full name, empty for a copy that comes from no commit. `objects` are the directories of git's objects that
    it borrows, each with the path in the place by which it is known.
    """

    def __init__(self, place: Path, *, project: Path, repository: Repository | None) -> None:
        self.place = place
        self.project = project
        self.top = repository.top if repository else project
        self.tree = place / "tree"
        self.root = self.tree / repository.prefix if repository else self.tree
        self.home = place / "home"
        self.scratch = place / "scratch"
        self.git_dir = place / "git"
        self.base = repository.base if repository else ""
        self.objects = private_git.lent_objects(repository, place=place) if repository else ()
        self._repository = repository
        self._git: Git | None = None
        self._commit = self.base
        self._overlay = _Overlay({})
        self._listed: frozenset[str] | None = None
        for directory in (self.home, self.scratch):
            directory.mkdir()

    def reset(self) -> None:
        """Put every file back as it was at the start, and remove what was added.

        Raises:
            WorktreeError: the disk refused.
        """
        try:
            self._put_back()
        except OSError as error:
            raise _unfilled(error) from error

    def _put_back(self) -> None:
        self.touched()
        if self._git is None:
            shutil.rmtree(self.tree, ignore_errors=True)
            shutil.copytree(self.place / "pristine", self.tree, symlinks=True)
        else:
            self._git.ask("read-tree", "--reset", "-u", self._commit)
            self._git.ask("clean", "-ffdxq")
        self._complete()

    def _complete(self) -> None:
        """Add to the files of the commit what the user has beside it."""
        for path, kept in self._overlay.files.items():
            Tree(root=self.tree).write(path, None)
            if kept is not None:
                _copied(kept, self.tree / path)
        self._show_git()
        for directory in borrowed(self.top, submodules=self.submodules):
            with contextlib.suppress(OSError):  # where something of the project stands, nothing is to be shown
                (self.tree / directory).mkdir(parents=True)

    def touched(self) -> None:
        """Take note that the list of files which was made at the start holds no more: something runs or writes here."""
        self._listed = None

    def clear_private(self) -> None:
        """Empty the private directories: what a check left there could be run by the next one."""
        for directory in (self.home, self.scratch):
            remove(directory)
            directory.mkdir()

    def write(self, change: Change) -> None:
        """Put every file back as it was at the start, then make the files of a change as they are after it.

        Raises:
            WorktreeError: a path leads through a link, or the disk refused.
        """
        self.reset()
        tree = Tree(root=self.root)
        for file in change.files:
            if file.old_path != file.path:
                tree.write(file.old_path, None)
        for file in change.files:
            tree.write(file.path, file.after)

    def snapshot(self) -> Tree:
        """Give the project's files as they are here, for a change to be computed from."""
        listed = frozenset(self._names()) if self._listed is None else self._listed
        return Tree(root=self.root, listed=listed, submodules=self._inside(self.submodules), on_write=self.touched)

    def _names(self) -> list[str]:
        if self._git is None:
            return walked(self.root)
        git = Git(directory=self.root, git_dir=self.git_dir, work_tree=self.tree)
        return git.names("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")

    def _inside(self, paths: Iterable[str]) -> frozenset[str]:
        """Give those of some paths from the repository's top that are in the project, as paths from there."""
        prefix = self._repository.prefix if self._repository else ""
        return frozenset(path.removeprefix(prefix) for path in paths if path.startswith(prefix))

    @cached_property
    def submodules(self) -> frozenset[str]:
        """The paths of submodules, from the repository's top; their files are not part of the worktree."""
        return frozenset(path for path, mode in self._staged.items() if mode == SUBMODULE)

    @cached_property
    def _staged(self) -> Mapping[str, int]:
        """The modes of the commit's files, from the repository's top. No check can write the index."""
        if self._git is None:
            return {}
        entries = (entry.split("\t", 1) for entry in self._git.names("ls-files", "--stage", "-z"))
        return {path: int(told.split(" ", 1)[0], 8) for told, path in entries}

    def _fill(self, *, with_uncommitted: bool) -> None:
        repository = self._repository
        if repository is not None and repository.base:
            self._git = private_git.linked(repository, git_dir=self.git_dir, tree=self.tree, objects=self.objects)
            if with_uncommitted:
                self._overlay = self._uncommitted(repository)
        else:
            self._gather(repository)
        self.root.mkdir(parents=True, exist_ok=True)  # a project that no commit has a file of
        self._complete()
        is_checkout = self._git is not None and self.base and not self._overlay.files
        self._listed = self._inside(self._staged) if is_checkout else frozenset(self._names())

    def _gather(self, repository: Repository | None) -> None:
        listing = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--full-name")
        top = Git(directory=self.top)
        listed = top.names(*listing) if repository else walked(self.top)
        pristine = self.place / "pristine"
        for path in listed:
            if path.split("/", 1)[0] not in _OWN:
                _copied(self.top / path, pristine / path)
        pristine.mkdir(exist_ok=True)
        try:
            shutil.copytree(pristine, self.tree, symlinks=True)
            self._git, self._commit = private_git.gathered(git_dir=self.git_dir, tree=self.tree)
        except WorktreeError:
            shutil.rmtree(self.git_dir, ignore_errors=True)  # no git here: the copy is put back from the first one
            return
        shutil.rmtree(pristine, ignore_errors=True)

    def _uncommitted(self, repository: Repository) -> _Overlay:
        git = Git(directory=repository.top, overrides=repository.git.overrides)
        if conflicts := git.names("diff-files", "-z", "--name-only", "--diff-filter=U"):
            raise WorktreeError(
                f"A merge is in progress, and {conflicts[0]} is in conflict.",
                next_step="Finish or abort the merge, or run it without your uncommitted changes.",
            )
        changed = git.names(
            "diff-index", "-z", "--name-only", "--no-ext-diff", "--no-renames", "--ignore-submodules=all",
            repository.base,
        )  # fmt: skip
        new = git.names("ls-files", "-z", "--others", "--exclude-standard")
        kept: dict[str, Path | None] = {}
        for number, path in enumerate(dict.fromkeys((*changed, *new))):
            if path.split("/", 1)[0] in _OWN or path.endswith("/"):
                continue
            copy = self.place / "uncommitted" / str(number)
            kept[path] = copy if _copied(repository.top / path, copy) else None
        return _Overlay(kept)

    def _hide_git(self) -> None:
        """Remove `.git`, whatever a check made of it: git is told its directory, and obeys no file in the tree."""
        pointer = self.tree / ".git"
        if pointer.is_dir() and not pointer.is_symlink():
            shutil.rmtree(pointer, ignore_errors=True)
        else:
            pointer.unlink(missing_ok=True)

    def _show_git(self) -> None:
        """Let git find the worktree's own directory from inside, for checks that ask for a version."""
        if self._git is not None:
            self._hide_git()
            (self.tree / ".git").write_bytes(b"gitdir: " + os.fsencode(self.git_dir) + b"\n")


@contextlib.contextmanager
def worktree(
    project: Path, *, base: str = "HEAD", with_uncommitted: bool = False, directory: Path | None = None
) -> Iterator[Worktree]:
    """Make a worktree of a project, and remove it when the body ends; what a killed process left is removed first.

    `base` names a commit; `directory` is where places are kept, the user's cache by default.

    Raises:
        WorktreeError: there is no such commit, it cannot be checked out, a merge is in conflict, or the disk refused.
    """
    project = project.resolve()
    if not project.is_dir():
        raise WorktreeError(f"{project} is no directory.", next_step="Name the project's directory by --project.")
    repository = Repository.around(project, base=base)
    with taken(directory or places()) as place:
        try:
            made = Worktree(place, project=project, repository=repository)
            made._fill(with_uncommitted=with_uncommitted)  # noqa: SLF001 - only here is a worktree made
        except OSError as error:
            raise _unfilled(error) from error
        yield made


def _copied(source: Path, target: Path) -> bool:
    """Copy a regular file or a link, whatever its size; False where there is neither."""
    try:
        if source.is_symlink() or source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
            return True
    except FileNotFoundError:
        return False
    return False


def _unfilled(error: OSError) -> WorktreeError:
    place = f" ({error.filename})" if error.filename else ""
    return WorktreeError(
        f"The project cannot be copied: {error.strerror or error}{place}.",
        next_step="Free disk space in the user's cache, or mend the permissions of that file.",
    )
