"""Real commits, written in every edit format and read back, with the slips that small models make. Goal: none wrong.

uv run python bench/commits_round_trip.py REPOSITORY... [--commits 200] [--seed 1]

Each commit is expressed as a reply, applied to its parent's files and compared byte for byte. "Right" is the same
bytes, "refused" an edit or a guard that refused, "wrong" anything else. What a format cannot say (line endings, modes,
bytes that are no text, for a symbol rewrite anything outside definitions) is not counted; nor is a slip that takes
from the commit's own new lines what leaves no trace (blanks at their ends, typographic quotes made plain). A commit
that is refused as asked is not tried with slips.

"As written" is neither right nor wrong: the result differs from the commit in the indentation of lines that the commit
adds, every quoted line is exact, and the damaged reply is letter for letter the one that asks for this result. Nobody
could tell it from an honest answer.
"""

import argparse
import random
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from statistics import median

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from changes.slips import SLIPS, Slip
from prentice.changes.change import Change, FileChange
from prentice.changes.correction import Level
from prentice.changes.diff import changed_blocks
from prentice.changes.express import express
from prentice.changes.files import File
from prentice.changes.formats import Ask, Format, Target
from prentice.changes.guards.guard import guard
from prentice.changes.guards.objection import Limits, Policy, View
from prentice.changes.markers import Markers, markers_for
from prentice.changes.refusal import Refusal
from prentice.changes.reply.parse import parse
from prentice.changes.resolve import resolve
from prentice.changes.text import Text, decode

MAX_FILES = 12
MAX_BYTES = 400_000
MAX_CHANGED = 3_000
RELAXED = Policy(limits=Limits(files=100, lines=100_000, bytes=10_000_000))
TASK_MATTERS = frozenset(
    {"protected", "test_skipped", "test_removed", "test_weakened", "test_edited", "symbol_vanished", "shrinkage"}
)
"""Objections that depend on what the task asked for, which a commit does not say."""
UNALTERED = frozenset({"as asked", "one context line", "no context line", "the shortest fence", "marks without tag"})
"""Slips that are made while the reply is written."""


class Repository:
    """A git repository's objects, by one long-lived process."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._process = subprocess.Popen(
            ["git", "-C", path, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def git(self, *arguments: str) -> str:
        """Give a command's output."""
        command = ["git", "-C", self.path, *arguments]
        return subprocess.run(command, capture_output=True, check=True).stdout.decode("utf-8", "surrogateescape")

    def blob(self, name: str) -> bytes:
        """Give an object's bytes."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{name}\n".encode("utf-8", "surrogateescape"))
        self._process.stdin.flush()
        size = int(self._process.stdout.readline().split()[-1])
        content = self._process.stdout.read(size)
        self._process.stdout.read(1)
        return content

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def commits(self, count: int) -> Iterator[str]:
        """Give commits with one parent, newest first."""
        yield from self.git("log", "--no-merges", "--min-parents=1", f"-n{count}", "--format=%H").split()

    def change(self, commit: str) -> Change | None:
        """Give what a commit did, None for one that is too large or touches links."""
        raw = self.git("diff-tree", "-r", "-M", "-z", "--no-commit-id", commit).split("\0")
        files: list[FileChange] = []
        position = 0
        while position < len(raw) - 1:
            old_mode, new_mode, old, new, status = raw[position].lstrip(":").split()
            paths = raw[position + 1 : position + (3 if status[0] in "RC" else 2)]
            position += 1 + len(paths)
            if status[0] not in "AMDR" or len(files) == MAX_FILES:
                return None
            sides = [self._side(mode, name) for mode, name in ((old_mode, old), (new_mode, new))]
            if any(side and (not side.is_regular or len(side.content) > MAX_BYTES) for side in sides):
                return None
            files.append(FileChange(path=paths[-1], old_path=paths[0], before=sides[0], after=sides[1]))
        return Change(files=tuple(files)) if files else None

    def _side(self, mode: str, name: str) -> File | None:
        return None if int(mode, 8) == 0 else File(content=self.blob(name), mode=int(mode, 8))


@dataclass
class Parent:
    """The files before a commit, as a snapshot."""

    repository: Repository
    commit: str
    change: Change

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(self.repository.git("ls-tree", "-r", "-z", "--name-only", f"{self.commit}^").split("\0")[:-1])

    @cached_property
    def _changed(self) -> dict[str, File]:
        return {file.old_path: file.before for file in self.change.files if file.before}

    def paths(self) -> Collection[str]:
        """Give every path of the parent."""
        return self._paths

    def read(self, path: str) -> File | None:
        """Give a file of the parent."""
        if path in self._changed:
            return self._changed[path]
        if path not in self._paths:
            return None
        return File(content=self.repository.blob(f"{self.commit}^:{path}"))


def outcome(
    change: Change, parent: Parent, format_: Format, slip: Slip, *, seed: int, judged: dict[str, str]
) -> tuple[str, float] | None:
    """Make one reply, read it back, and give what became of it with the seconds that it took.

    `judged` holds what the guards say about changes that this format gave before: most slips give the same one.
    """
    if slip.destroys and any(re.search(slip.destroys, line) for file in change.files for _, line in View(file).added):
        return None
    before = {file.old_path: file.old for file in change.files}
    markers = marks(change, slip)
    reply = express(change, format_=format_, markers=markers, context=slip.context)
    given = slip.done_to(reply, format_=format_, chance=random.Random(seed)) if reply is not None else None
    if given is None or (given == reply and slip.name not in UNALTERED):
        return None
    ask = Ask(format=format_, targets=tuple(Target(path=path) for path in before), markers=markers_for(before))
    started = time.perf_counter()
    parsed = parse(given, ask=ask)
    result = parsed if isinstance(parsed, Refusal) else resolve(parsed.edits, parent)
    seconds = time.perf_counter() - started
    if isinstance(result, Refusal):
        return f"refused: {result.code}", seconds
    if (digest := result.digest) not in judged:
        objections = (one for one in guard(result, policy=RELAXED) if one.verdict == "refuse")
        judged[digest] = next((one.code for one in objections if one.code not in TASK_MATTERS), "")
    if judged[digest]:
        return f"refused: {judged[digest]}", seconds
    if same(result, change):
        return "right", seconds
    honest = express(result, format_=format_, markers=markers, context=slip.context) == given
    return ("as written" if honest and only_added_lines_differ(result, change) else "wrong"), seconds


def marks(change: Change, slip: Slip) -> Markers:
    """Give the marks that a reply with a slip is written with."""
    before = {file.old_path: file.old for file in change.files}
    markers = markers_for({**{file.path: file.new for file in change.files}, **before})
    markers = Markers(fence="```", tag=markers.tag) if slip.short_fence else markers
    return replace(markers, tag="") if slip.plain_marks else markers


def only_added_lines_differ(result: Change, change: Change) -> bool:
    """Whether a result of exact quotes differs from a change in the indentation of lines that both add, and no more."""
    wanted = changed(change)
    if [(file.path, file.old_path) for file in result.files] != [(file.path, file.old_path) for file in wanted]:
        return False
    return all(_adds_alike(one, other) for one, other in zip(result.files, wanted, strict=True))


def _adds_alike(result: FileChange, wanted: FileChange) -> bool:
    ours, theirs = decode(result.new), decode(wanted.new)
    if result.level is not Level.EXACT or ours is None or theirs is None:
        return False
    if (ours.endings, ours.mark) != (theirs.endings, theirs.mark):
        return False
    added = _added(result, ours) & _added(wanted, theirs)
    return all(
        one == other or (number in added and one.lstrip(" \t") == other.lstrip(" \t"))
        for number, (one, other) in enumerate(zip(ours.lines, theirs.lines, strict=True))
    )


def _added(file: FileChange, new: Text) -> set[int]:
    """Give the numbers of the new lines that do not stand in the old text."""
    old = decode(file.old)
    blocks = changed_blocks(old.lines if old else (), new.lines)
    return {number for block in blocks for number in range(block.new_start, block.new_end)}


def same(one: Change, other: Change) -> bool:
    """Whether two changes leave the same files; what a commit left unchanged does not count."""
    return Change(files=one.files).digest == Change(files=changed(other)).digest


def changed(change: Change) -> tuple[FileChange, ...]:
    """Give the files that differ, in the order of a computed change."""
    differing = [file for file in change.files if file.before != file.after or file.path != file.old_path]
    return tuple(sorted(differing, key=lambda file: (file.path, file.old_path)))


@dataclass
class Tally:
    """What became of all replies."""

    counts: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    why: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    as_written: list[str] = field(default_factory=list)
    commits: int = 0

    def measure(self, change: Change, parent: Parent, format_: Format, seed: int) -> None:
        """Try a commit in one format with every slip, unless it is refused as asked."""
        judged: dict[str, str] = {}
        for slip in SLIPS:
            if slip.only and format_ not in slip.only:
                continue
            found = outcome(change, parent, format_, slip, seed=seed + self.commits, judged=judged)
            if found is None:
                continue
            kind, seconds = found
            self.counts[format_, slip.name][kind.partition(":")[0]] += 1
            self.times[format_].append(seconds)
            if kind in {"wrong", "as written"}:
                named = self.wrong if kind == "wrong" else self.as_written
                named.append(f"{parent.commit[:12]} {format_} {slip.name}")
            if slip is SLIPS[0] and kind.startswith("refused"):
                self.why[f"{format_} {kind}"] += 1
                break

    def show(self, most: int) -> None:
        """Print the table, the times, why replies as asked were refused, and some wrong results."""
        print(f"{'format':<16}{'slip':<26}{'right':>7}{'refused':>9}{'as written':>12}{'wrong':>7}")
        for (format_name, slip_name), row in self.counts.items():
            print(f"{format_name:<16}{slip_name:<26}{row['right']:>7}{row['refused']:>9}", end="")
            print(f"{row['as written']:>12}{row['wrong']:>7}")
        for name, seconds in self.times.items():
            print(f"{name:<16}{median(seconds) * 1000:8.2f} ms a reply in the median")
        reasons = (f"{count} {reason}" for reason, count in self.why.most_common())
        print("\nwhy replies as asked were refused:", *reasons, sep="\n  ")
        print(f"\nas written: {len(self.as_written)}", *self.as_written[:most], sep="\n  ")
        print(f"\nwrong: {len(self.wrong)}", *self.wrong[:most], sep="\n  ")


def main() -> int:
    """Measure and print; the exit code says whether any result was wrong."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("repositories", nargs="+")
    arguments.add_argument("--commits", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--show", type=int, default=5, help="wrong results to name")
    given = arguments.parse_args()
    tally = Tally()
    for path in given.repositories:
        repository = Repository(path)
        for commit in repository.commits(given.commits):
            change = repository.change(commit)
            if change is not None and sum(len(file.diff()) for file in change.files) <= MAX_BYTES:
                tally.commits += 1
                for format_ in Format:
                    tally.measure(change, Parent(repository, commit, change), format_, given.seed)
        repository.close()
    print(f"{tally.commits} commits of {len(given.repositories)} repositories\n")
    tally.show(given.show)
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
