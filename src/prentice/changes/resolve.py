"""From edits and a snapshot to a change: every edit placed and computed, or none."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from prentice.changes import paths
from prentice.changes.change import Applied, Change, FileChange, Means
from prentice.changes.contents import Contents, edited
from prentice.changes.creation import creation_doubt, siblings
from prentice.changes.edits import Create, Delete, Edit, Patch, Rename, Replace, RewriteSymbol, WholeFile
from prentice.changes.files import REGULAR, File, Snapshot
from prentice.changes.markup import is_markup, markup_doubt
from prentice.changes.refusal import MAX_FAILURES, Failure, Refusal, refuse
from prentice.changes.text import decode

_MEANS: dict[type, Means] = {
    RewriteSymbol: "symbol",
    WholeFile: "whole",
    Replace: "replace",
    Patch: "patch",
    Create: "create",
    Delete: "delete",
    Rename: "rename",
}
_MARK_BYTES: Final = b"\xef\xbb\xbf\xff\xfe"
"""What byte order marks consist of: a file of nothing else has no text yet."""


@dataclass(slots=True)
class _Plan:
    """The edits of one file, by what they do to it."""

    path: str
    contents: list[RewriteSymbol | WholeFile | Replace | Patch] = field(default_factory=list)
    create: Create | None = None
    delete: Delete | None = None
    rename: Rename | None = None


class _Stop(Exception):  # noqa: N818 - carries a failure out of nested steps; it is no error of the program
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.sentence)
        self.failure = failure


def resolve(edits: Sequence[Edit], snapshot: Snapshot) -> Change | Refusal:
    """Compute what all edits together make of the files they name; nothing is looked for in any other file.

    Edits are placed in the files as they are in the snapshot, so their order does not matter. Edits that overlap or
    contradict each other are refused; the same edit given twice counts once. The white space of a new file is compared
    with a few files of its kind.
    """
    return _Resolving(snapshot).resolve(edits)


class _Resolving:
    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.notes: list[str] = []
        self._directories: set[str] | None = None
        self._taken: set[str] | None = None

    def resolve(self, edits: Sequence[Edit]) -> Change | Refusal:
        if not edits:
            return refuse("no_edits", "The answer has no edit in a form that was understood.")
        failures: list[Failure] = []
        files: list[FileChange] = []
        try:
            plans = self._planned(edits)
        except _Stop as stop:
            return Refusal(failures=(stop.failure,))
        for plan in plans:
            try:
                if (file := self._carried_out(plan)) is not None:
                    files.append(file)
            except _Stop as stop:
                failures.append(stop.failure)
                if len(failures) == MAX_FAILURES:
                    break
        failures += _clashes(files)
        if failures:
            return Refusal(failures=tuple(failures))
        if not files:
            return refuse(
                "no_change", "The edits change nothing: the files already read like this.", path=plans[0].path
            )
        return Change(files=tuple(sorted(files, key=lambda file: (file.path, file.old_path))), notes=tuple(self.notes))

    def _planned(self, edits: Sequence[Edit]) -> list[_Plan]:
        plans: dict[str, _Plan] = {}
        renamed = {edit.to: edit.path for edit in edits if isinstance(edit, Rename)}
        for edit in edits:
            self._check_path(edit.path, edit)
            path = edit.path
            if not isinstance(edit, Create | Rename) and path in renamed and self.snapshot.read(path) is None:
                path = renamed[path]
            if not isinstance(edit, Create | Delete):
                path = self._existing(path, edit)
            plan = plans.setdefault(path, _Plan(path))
            self._add(plan, edit if path == edit.path else replace(edit, path=path))
        return list(plans.values())

    def _check_path(self, path: str, edit: Edit) -> None:
        problem = paths.path_problem(path) or paths.place_problem(path, self.snapshot)
        if isinstance(edit, Rename) and not problem:
            problem = paths.path_problem(edit.to) or paths.place_problem(edit.to, self.snapshot)
        if problem:
            raise _Stop(Failure(code="path", sentence=problem, path=path[:200], at=edit.at))

    def _existing(self, path: str, edit: Edit) -> str:
        """Give the path of a file that exists, repaired where exactly one fits; a whole file may be new."""
        if self.snapshot.read(path) is not None:
            return path
        fitting = [other for other in paths.fitting(path, self.snapshot.paths()) if self._is_regular(other)]
        if isinstance(edit, WholeFile) and not fitting:
            return path
        if isinstance(edit, Replace) and not edit.search:
            return path
        if len(fitting) == 1 and not isinstance(edit, WholeFile | Rename):
            self.notes.append(f"There is no file {path}; {fitting[0]} was taken, the only one that fits.")
            return fitting[0]
        sentence = (
            "There is no such file." if not fitting else f"There is no such file, and {len(fitting)} may be meant."
        )
        near = tuple(fitting[:3]) or self._alike(path)
        raise _Stop(Failure(code="no_file", sentence=sentence, path=path, at=edit.at, near=near))

    def _is_regular(self, path: str) -> bool:
        file = self.snapshot.read(path)
        return file is not None and file.is_regular

    def _alike(self, path: str) -> tuple[str, ...]:
        from difflib import get_close_matches  # noqa: PLC0415 - needed for this failure alone

        name = path.rpartition("/")[2]
        by_name = {other.rpartition("/")[2]: other for other in list(self.snapshot.paths())[:20_000]}
        return tuple(by_name[found] for found in get_close_matches(name, list(by_name), n=3, cutoff=0.75))

    def _add(self, plan: _Plan, edit: Edit) -> None:
        match edit:
            case RewriteSymbol() | WholeFile() | Replace() | Patch():
                self._add_contents(plan, edit)
            case Create():
                self._once(plan.create, edit, plan)
                plan.create = edit
            case Delete():
                plan.delete = edit
            case Rename():
                self._once(plan.rename, edit, plan)
                plan.rename = edit
        kinds = [bool(plan.contents), bool(plan.create), bool(plan.delete)]
        if sum(kinds) > 1 or (plan.rename and (plan.create or plan.delete)):
            sentence = "The answer edits, creates or deletes the same file in ways that contradict each other."
            raise _Stop(Failure(code="contradiction", sentence=sentence, path=plan.path, at=edit.at))

    def _add_contents(self, plan: _Plan, edit: RewriteSymbol | WholeFile | Replace | Patch) -> None:
        first = plan.contents[0] if plan.contents else None
        if isinstance(first, WholeFile) and isinstance(edit, WholeFile) and first.lines == edit.lines:
            return
        if first and WholeFile in {type(first), type(edit)}:
            sentence = "The answer gives the whole file and another edit of it."
            raise _Stop(Failure(code="contradiction", sentence=sentence, path=plan.path, at=edit.at))
        plan.contents.append(edit)

    def _once(self, before: Edit | None, edit: Edit, plan: _Plan) -> None:
        if before is not None and replace(before, at=0) != replace(edit, at=0):
            sentence = "The answer creates or renames the same file twice, in different ways."
            raise _Stop(Failure(code="contradiction", sentence=sentence, path=plan.path, at=edit.at))

    def _carried_out(self, plan: _Plan) -> FileChange | None:
        before = self.snapshot.read(plan.path)
        if plan.delete:
            return self._deleted(plan.delete, before)
        if plan.create or before is None:
            return self._created(plan, before)
        contents = edited(before.content, plan.contents) if plan.contents else Contents(content=before.content)
        if isinstance(contents, Failure):
            raise _Stop(contents)
        if plan.contents and not before.content.strip(_MARK_BYTES):
            self._check_first_text(plan.path, contents, plan.contents[0])
        elif plan.contents and is_markup(plan.path):
            self._check_markup(before, contents, plan.contents[0])
        self.notes += contents.notes
        path = plan.rename.to if plan.rename else plan.path
        applied = contents.applied
        if plan.rename and path != plan.path:
            self._check_new(path, plan.rename, old=plan.path)
            applied = (*applied, Applied(means="rename", at=plan.rename.at))
        if contents.content == before.content and path == plan.path:
            self.notes.append(f"An edit of {path} changes nothing.")
            return None
        after = replace(before, content=contents.content)
        return FileChange(path=path, old_path=plan.path, before=before, after=after, applied=applied)

    def _deleted(self, edit: Delete, before: File | None) -> FileChange:
        if before is None:
            failure = Failure(
                code="no_file",
                sentence="There is no such file to delete.",
                path=edit.path,
                at=edit.at,
                near=self._alike(edit.path),
            )
            raise _Stop(failure)
        applied = (Applied(means="delete", at=edit.at),)
        return FileChange(path=edit.path, old_path=edit.path, before=before, after=None, applied=applied)

    def _created(self, plan: _Plan, before: File | None) -> FileChange:
        edit: Create | WholeFile | Replace | RewriteSymbol | Patch = plan.create or plan.contents[0]
        if before is not None:
            sentence = "The file exists already. Edit it, or give its whole new text, instead of creating it."
            raise _Stop(Failure(code="exists", sentence=sentence, path=plan.path, at=edit.at))
        if plan.rename or len(plan.contents) > 1:
            raise _Stop(Failure(code="no_file", sentence="There is no such file.", path=plan.path, at=edit.at))
        self._check_new(plan.path, edit, old="")
        contents = edited(b"", [edit])
        if isinstance(contents, Failure):
            raise _Stop(contents)
        self._check_first_text(plan.path, contents, edit)
        mode = (plan.create.mode if plan.create else None) or REGULAR
        after = File(content=contents.content, mode=mode)
        applied = (Applied(means=_MEANS[type(edit)], at=edit.at),)
        return FileChange(path=plan.path, old_path=plan.path, before=None, after=after, applied=applied)

    def _check_first_text(self, path: str, contents: Contents, edit: Edit) -> None:
        """Compare the text of a file that had none with files of its kind."""
        if doubt := creation_doubt(path, decode(contents.content), siblings(path, self.snapshot)):
            raise _Stop(Failure(code="doubtful", sentence=doubt, path=path, at=edit.at))

    def _check_markup(self, before: File, contents: Contents, edit: Edit) -> None:
        """Compare new lists and code of a Markdown file with the others in it."""
        old, new = decode(before.content), decode(contents.content)
        if old and new and (doubt := markup_doubt(old.lines, new.lines)):
            sentence = f"The place of the edit is known, but {doubt}."
            raise _Stop(Failure(code="doubtful", sentence=sentence, path=edit.path, at=edit.at))

    def _check_new(self, path: str, edit: Edit, *, old: str) -> None:
        if self._taken is None or self._directories is None:
            known = self.snapshot.paths()
            self._taken = {paths.folded(name) for name in known}
            self._directories = {paths.folded(name) for name in paths.directories_of(known)}
        taken = self._taken - {paths.folded(old)} if old else self._taken
        problem = paths.new_path_problem(path, taken=taken, directories=self._directories)
        if problem:
            raise _Stop(Failure(code="exists", sentence=problem, path=path, at=edit.at))


def _clashes(files: Sequence[FileChange]) -> list[Failure]:
    """Find files that would end up at the same place, or one inside another."""
    places: dict[str, FileChange] = {}
    failures: list[Failure] = []
    made = [file for file in files if file.after is not None]
    for file in made:
        place = paths.folded(file.path)
        if place in places:
            failures.append(Failure(code="contradiction", sentence="Two files would get this name.", path=file.path))
        places[place] = file
    directories = paths.directories_of(places)
    failures += [
        Failure(code="contradiction", sentence="Another new file would need a directory of this name.", path=file.path)
        for place, file in places.items()
        if place in directories
    ]
    return failures
