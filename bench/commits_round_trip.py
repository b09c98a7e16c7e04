"""Real commits, written in every edit format and read back, with the slips that small models make. Goal: none wrong.

uv run python bench/commits_round_trip.py REPOSITORY... [--commits 200] [--seed 1]

Each commit is expressed as a reply, applied to its parent's files and compared byte for byte. "Right" is the same
bytes, "refused" an edit or a guard that refused, "wrong" anything else. What a format cannot say (line endings, modes,
bytes that are no text, for a symbol rewrite anything outside definitions) is not counted; nor is a slip that takes
from the commit's own new lines what leaves no trace (blanks at their ends, typographic quotes made plain). A commit
that is refused as asked is not tried with slips.
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
from prentice.changes.express import express
from prentice.changes.files import File
from prentice.changes.formats import Ask, Format, Target
from prentice.changes.guards.guard import guard
from prentice.changes.guards.objection import Limits, Policy, View
from prentice.changes.markers import Markers, markers_for
from prentice.changes.refusal import Refusal
from prentice.changes.reply.parse import parse
from prentice.changes.resolve import resolve

MAX_FILES = 12
MAX_BYTES = 400_000
MAX_CHANGED = 3_000
RELAXED = Policy(limits=Limits(files=100, lines=100_000, bytes=10_000_000))
TASK_MATTERS = frozenset(
    {"protected", "test_skipped", "test_removed", "test_weakened", "test_edited", "symbol_vanished", "shrinkage"}
)
"""Objections that depend on what the task asked for, which a commit does not say."""


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
    after = {file.path: file.new for file in change.files}
    markers = markers_for({**after, **before})
    markers = Markers(fence="```", tag=markers.tag) if slip.short_fence else markers
    if slip.plain_marks:
        markers = replace(markers, tag="")
    reply = express(change, format_=format_, markers=markers, context=slip.context)
    if reply is None:
        return None
    given = slip.done_to(reply, format_=format_, chance=random.Random(seed))
    if given == reply and slip.name not in {
        "as asked",
        "one context line",
        "no context line",
        "the shortest fence",
        "marks without tag",
    }:
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
    return ("right" if same(result, change) else "wrong"), seconds


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
            if kind == "wrong":
                self.wrong.append(f"{parent.commit[:12]} {format_} {slip.name}")
            if slip is SLIPS[0] and kind.startswith("refused"):
                self.why[f"{format_} {kind}"] += 1
                break

    def show(self, most: int) -> None:
        """Print the table, the times, why replies as asked were refused, and some wrong results."""
        print(f"{'format':<16}{'slip':<26}{'right':>7}{'refused':>9}{'wrong':>7}")
        for (format_name, slip_name), row in self.counts.items():
            print(f"{format_name:<16}{slip_name:<26}{row['right']:>7}{row['refused']:>9}{row['wrong']:>7}")
        for name, seconds in self.times.items():
            print(f"{name:<16}{median(seconds) * 1000:8.2f} ms a reply in the median")
        reasons = (f"{count} {reason}" for reason, count in self.why.most_common())
        print("\nwhy replies as asked were refused:", *reasons, sep="\n  ")
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
