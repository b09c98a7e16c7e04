"""A git directory of a worktree's own, which borrows the objects of the user's repository and nothing else.

Why no `git worktree add`: that writes into the user's `.git`, leaves an entry there when a process dies, and a check
that runs git in such a worktree shares refs and settings with the user. Here the user's repository is only read, by
`objects/info/alternates`; what a crash leaves behind lies in the cache alone.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from prentice.errors import WorktreeError
from prentice.workspace.git import PARTS, Git, Repository

_CARRIED: Final = frozenset({
    "core.autocrlf", "core.eol", "core.symlinks", "core.filemode", "core.ignorecase", "core.precomposeunicode",
    "core.longpaths", "core.protecthfs", "core.protectntfs", "core.attributesfile", "core.excludesfile",
    "core.sparsecheckout", "core.sparsecheckoutcone", "core.checkroundtripencoding",
})  # fmt: skip
"""Settings that decide which bytes a checkout writes, and start no program."""
_AS_IT_IS: Final = "* -text -ident -filter -eol -working-tree-encoding -diff -merge\n"
_MAX_REFS: Final = 20_000
_WHO: Final = {"user.name": "Prentice", "user.email": "prentice@localhost"}


def lent_objects(repository: Repository, *, place: Path) -> tuple[tuple[Path, Path], ...]:
    """Give the directories that hold the repository's objects, each with a path in a place that leads there.

    By that path they can be shown in a sandbox that hides the user's tree.
    """
    first = repository.parts["objects"]
    found = [first]
    try:
        lines = os.fsdecode((first / "info" / "alternates").read_bytes()).splitlines()
    except OSError:
        lines = []
    found += [path for line in lines if line and line[0] not in '#"' and (path := first / line).is_dir()]
    return tuple((path.resolve(), place / f"objects{number}") for number, path in enumerate(found))


def linked(repository: Repository, *, git_dir: Path, tree: Path, objects: Sequence[tuple[Path, Path]]) -> Git:
    """Make the git directory of a tree that will hold the repository's base commit, and check that out.

    Filters are not run: a pointer of Git LFS stays a pointer. A sparse checkout is as sparse as the user's, a submodule
    an empty directory. Nothing is fetched: a commit whose objects are elsewhere cannot be checked out.

    Raises:
        WorktreeError: the objects are not all here, or the disk refused.
    """
    git = _made(git_dir, tree)
    for source, path in objects:
        path.symlink_to(source, target_is_directory=True)
    _written(git_dir / "objects" / "info" / "alternates", "".join(f"{path}\n" for _, path in objects))
    settings = {key: value for key, value in repository.settings.items() if key in _CARRIED}
    _written(git_dir / "config", _config(settings, form=repository.form))
    for name in PARTS[1:]:
        _carry(repository.parts[name], git_dir / name)
    _written(git_dir / "HEAD", repository.base + "\n")
    try:
        with ThreadPoolExecutor(1) as beside:
            refs = beside.submit(_refs, repository)
            git.ask("read-tree", "--reset", "-u", repository.base)
    except WorktreeError as error:
        raise WorktreeError(
            f"The commit {repository.base[:12]} cannot be checked out: {error.message}",
            next_step="If parts of the repository are elsewhere (a partial or shallow clone), fetch them first: "
            "`git fetch --refetch`. Else free disk space.",
        ) from error
    _written(git_dir / "packed-refs", refs.result())
    return git


def gathered(*, git_dir: Path, tree: Path) -> tuple[Git, str]:
    """Make the git directory of a tree that is no checkout, with all its files in one commit, byte by byte.

    Raises:
        WorktreeError: git is missing, or the disk refused.
    """
    git = _made(git_dir, tree)
    _written(git_dir / "HEAD", "ref: refs/heads/main\n")
    _written(git_dir / "config", _config(_WHO, form="sha1"))
    _written(git_dir / "info" / "attributes", _AS_IT_IS)
    git.ask("add", "--all", "--force", "--", ".")
    commit = os.fsdecode(git.ask("commit-tree", "-m", "The files as they were found", _line(git, "write-tree"))).strip()
    _written(git_dir / "HEAD", commit + "\n")
    return git, commit


def _made(git_dir: Path, tree: Path) -> Git:
    """Make the directories of a git directory, and the tree's: `gitrepository-layout` names no more, but HEAD."""
    tree.mkdir(exist_ok=True)
    for name in ("info", "objects/info", "objects/pack", "refs/heads", "refs/tags"):
        (git_dir / name).mkdir(parents=True, exist_ok=True)
    return Git(directory=tree, git_dir=git_dir, work_tree=tree)


def _line(git: Git, *arguments: str) -> str:
    return os.fsdecode(git.ask(*arguments)).strip()


def _refs(repository: Repository) -> str:
    """Carry branches and tags over: tools that derive a version ask for them."""
    asked = ("for-each-ref", f"--count={_MAX_REFS}", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags")
    return os.fsdecode(repository.git.ask(*asked))


def _config(settings: Mapping[str, str], *, form: str) -> str:
    """Write settings as git reads them; a value in quotes may hold anything."""
    lines = ["[core]", "\tbare = false", "\trepositoryformatversion = 1", "[extensions]", f"\tobjectFormat = {form}"]
    for key, value in settings.items():
        section, _, name = key.rpartition(".")
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        lines += [f"[{section}]", f'\t{name} = "{escaped}"']
    return "\n".join(lines) + "\n"


def _carry(source: Path, target: Path) -> None:
    try:
        target.write_bytes(source.read_bytes())
    except FileNotFoundError:
        return


def _written(path: Path, text: str) -> None:
    path.write_bytes(os.fsencode(text))
