"""Finding the files that an issue or a commit changes: our ranking beside plain BM25, with time and memory.

    uv run python bench/ranking.py [--data DIRECTORY] [--cache DIRECTORY] [--only PROJECT] [--aider PYTHON]
    uv run python bench/ranking.py --repository DIRECTORY [--commits N]

The first ranks the issues of `agentless_swebench_lite_quality` (in the data that --data or PRENTICE_DATA names) in the
source packages that those projects released; what cannot be had is counted. The second ranks, for the newest commits of
a repository, the files that each one changed, by its message and in the tree of its parent.

Plain BM25 takes whole files, their paths included, over the same terms as ours; once over all files, once over code
that is no test. The goal is to be above both everywhere, and by five points at 1. Weights were set on the half `tuned`.
PYTHON is one that has aider-chat installed; its map of sympy is then measured beside our search of it. Ours rebuilds
and refreshes its index in a process of its own each time.
"""

import argparse
import csv
import hashlib
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from measure import Cost, run
from prentice.context.file_kinds import kind_of
from prentice.context.history import MAX_FILES, Commit, commits
from prentice.context.index import Index
from prentice.context.ranking import rank
from prentice.context.terms import Terms
from released_trees import hunks, nearest, released

CUTS = (1, 3, 5, 10)
GOAL_AT_ONE = 5.0
K1, B = 1.5, 0.75
SPEED_PROJECT = ("sympy", "1.12")
COLD_GOAL, WARM_GOAL, MEMORY_GOAL = 1 / 5, 1 / 15, 1 / 4
REFERENCE = {"cold": Cost(wall=32.5, cpu=32.5, memory=654), "warm": Cost(wall=16.5, cpu=16.5, memory=654)}
"""CPU seconds and MiB of aider 0.86's map of sympy's repository (2,087 files), measured once on another day."""
QUERY = "Printing a Mul with a negative power\n\nlatex(x**-1) in sympy.printing.latex gives the wrong sign."

Method = Callable[["Question", Index], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A text, the files that answer it, and the tree they are in."""

    name: str
    text: str
    gold: tuple[str, ...]
    root: Path

    @property
    def half(self) -> str:
        """Which half of the questions it belongs to, by the hash of its name."""
        return "held out" if hashlib.sha256(self.name.encode()).digest()[0] & 1 else "tuned"


@dataclass(slots=True)
class Tally:
    """Shares of the right files among the first, and the times that the answers took."""

    count: int = 0
    found: list[float] = field(default_factory=lambda: [0.0] * len(CUTS))

    def add(self, gold: Sequence[str], answer: Sequence[str]) -> None:
        """Count one answer."""
        self.count += 1
        for place, cut in enumerate(CUTS):
            self.found[place] += len({*answer[:cut]} & {*gold}) / len(gold)

    def recall(self) -> list[float]:
        """Give recall at each cut, in percent."""
        return [100 * found / max(1, self.count) for found in self.found]


def plain(question: Question, index: Index, *, code_only: bool) -> list[str]:
    """Rank by BM25 of whole files with their paths, each occurrence of a term in the text counted."""
    rows = index.rows("SELECT id, path, terms FROM files")
    files = {number: (path, terms) for number, path, terms in rows if not code_only or kind_of(path) == "code"}
    average = sum(terms for _, terms in files.values()) / max(1, len(files)) or 1.0
    scores: dict[int, float] = defaultdict(float)
    for term, times in Counter(Terms().of(question.text)).items():
        counts: Counter[int] = Counter()
        for number, count in (
            *index.rows(
                "SELECT c.file, count(*) FROM body_terms AS t JOIN chunks AS c ON c.id = t.doc WHERE t.term = ? "
                "GROUP BY c.file",
                term,
            ),
            *index.rows("SELECT doc, count(*) FROM name_terms WHERE term = ? AND col = 'path' GROUP BY doc", term),
        ):
            if number in files:
                counts[number] += count
        rarity = times * math.log(1 + (len(files) - len(counts) + 0.5) / (len(counts) + 0.5))
        for number, count in counts.items():
            length = files[number][1] / average
            scores[number] += rarity * count * (K1 + 1) / (count + K1 * (1 - B + B * length))
    return [files[number][0] for number in sorted(scores, key=lambda number: (-scores[number], files[number][0]))[:10]]


METHODS: dict[str, Method] = {
    "plain BM25, all files": lambda question, index: plain(question, index, code_only=False),
    "plain BM25, code alone": lambda question, index: plain(question, index, code_only=True),
    "prentice": lambda question, index: [
        found.path for found in rank(question.root, question.text, index=index, limit=10)
    ],
}


class Results:
    """The tallies of all methods, in both halves and together."""

    def __init__(self) -> None:
        self.tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.indexing: list[float] = []

    def answer(self, question: Question, index: Index) -> None:
        """Let each method answer a question."""
        for name, method in METHODS.items():
            started = time.process_time()
            answer = method(question, index)
            self.seconds[name].append(time.process_time() - started)
            for half in (question.half, "all"):
                self.tallies[name, half].add(question.gold, answer)

    def show(self, *, halves: Iterable[str]) -> None:
        """Print recall, in percent, and the time for one answer."""
        for half in halves:
            count = self.tallies["prentice", half].count
            print(f"\n{half} ({count})".ljust(30) + "".join(f"@{cut}".rjust(8) for cut in CUTS) + "CPU s".rjust(10))
            for name in METHODS:
                figures = "".join(f"{value:8.1f}" for value in self.tallies[name, half].recall())
                print(f"  {name:27}{figures}{statistics.median(self.seconds[name]):10.2f}")
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"\nindexing: {statistics.median(self.indexing):.1f} CPU s in the median; memory at most {memory:.0f} MiB"
        )

    def is_goal_met(self) -> bool:
        """Print and give whether ours is above plain BM25 everywhere, and by enough at 1."""
        ours = self.tallies["prentice", "all"].recall()
        others = [self.tallies[name, "all"].recall() for name in METHODS if name != "prentice"]
        best = [max(values) for values in zip(*others, strict=True)]
        met = all(mine > theirs for mine, theirs in zip(ours, best, strict=True)) and ours[0] >= best[0] + GOAL_AT_ONE
        print(f"above plain BM25 everywhere and by {GOAL_AT_ONE:g} points at 1: {'yes' if met else 'NO'}")
        return met


def issues(data: Path, *, cache_directory: Path, only: str) -> tuple[list[Question], int]:
    """Give the questions of the data, and how many were skipped for want of a tree."""
    table = data / "agentless_swebench_lite_quality" / "swebench_lite_classifications.csv"
    if not table.is_file():
        sys.exit(f"There is no {table}. Name the directory of the data folders with --data or PRENTICE_DATA.")
    csv.field_size_limit(10**8)
    with table.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if only in row["instance_id"]]
    found: list[Question] = []
    for row in rows:
        project = row["instance_id"].partition("__")[2].rpartition("-")[0]
        tree = nearest(project, row["patch"], cache_directory=cache_directory)
        gold = tuple(sorted({hunk.path for hunk in hunks(row["patch"])}))
        if tree is not None and gold:
            found.append(Question(name=row["instance_id"], text=row["problem_statement"], gold=gold, root=tree))
    return found, len(rows) - len(found)


def on_issues(questions: Sequence[Question], *, indexes: Path) -> Results:
    """Answer all questions, one tree after the other."""
    results = Results()
    by_tree: dict[Path, list[Question]] = defaultdict(list)
    for question in questions:
        by_tree[question.root].append(question)
    for root, asked in by_tree.items():
        files = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
        with Index.open(indexes / f"{root.name}.db", root) as index:
            started = time.process_time()
            index.refresh(files=files, seconds=600)
            results.indexing.append(time.process_time() - started)
            for question in asked:
                results.answer(question, index)
    return results


def on_commits(repository: Path, *, count: int) -> Results:
    """Answer for the newest commits with the tree and the history of their parents, in a clone that is thrown away."""
    results = Results()
    with tempfile.TemporaryDirectory() as name:
        clone, index_path = Path(name) / "clone", Path(name) / "index.db"
        git("clone", "--quiet", "--shared", "--no-checkout", str(repository.resolve()), str(clone))
        for commit_id, commit in _newest(clone, count):
            git("-C", str(clone), "checkout", "--quiet", "--force", "--detach", f"{commit_id}^")
            gold = tuple(path for path in commit.files if (clone / path).is_file() and kind_of(path) == "code")
            if not gold or len(commit.message) < 10:
                continue
            with Index.open(index_path, clone) as index:
                started = time.process_time()
                index.refresh()
                results.indexing.append(time.process_time() - started)
                results.answer(Question(name=commit_id, text=commit.message, gold=gold, root=clone), index)
    return results


def _newest(clone: Path, count: int) -> list[tuple[str, Commit]]:
    git("-C", str(clone), "checkout", "--quiet", "--detach")
    known = commits(clone)
    listed = git("-C", str(clone), "log", "--no-merges", "--format=%H", f"--max-count={len(known)}", "--", ".").split()
    pairs = [(name, commit) for name, commit in zip(listed, known, strict=True) if 0 < len(commit.files) <= MAX_FILES]
    return [pair for pair in pairs if git("-C", str(clone), "log", "-1", "--format=%P", pair[0]).strip()][:count]


def git(*arguments: str) -> str:
    """Give what git prints."""
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def speed(cache_directory: Path, *, aider: str | None) -> None:
    """Print what a search of sympy costs, first and again, beside aider's map."""
    source = released(*SPEED_PROJECT, cache_directory=cache_directory)
    if source is None:
        print("The released sympy cannot be had, so no times.")
        return
    peers = str(Path(__file__).with_name("ranking_peers.py"))
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name) / "sympy"
        shutil.copytree(source, tree)
        git("init", "--quiet", str(tree))
        git("-C", str(tree), "add", "--all", "--force")
        names = git("-C", str(tree), "ls-files").splitlines()
        print(f"sympy {SPEED_PROJECT[1]}: {len(names)} files, of them {sum(n.endswith('.py') for n in names)} Python")
        ours = [sys.executable, peers, "prentice", str(tree), str(Path(name) / "index.db"), QUERY]
        costs = {"cold": run(ours), "warm": run(ours)}
        theirs = REFERENCE
        told = "figures of another day, for sympy's repository of 2,087 files (--aider PYTHON measures here)"
        if aider:
            command = [aider, peers, "aider", str(tree)]
            theirs, told = {"cold": run(command), "warm": run(command)}, "measured here"
    for state, goal in (("cold", COLD_GOAL), ("warm", WARM_GOAL)):
        mine, other = costs[state], theirs[state]
        print(
            f"{state}: {mine.cpu:6.2f} CPU s, {mine.memory:4.0f} MiB; aider's map {other.cpu:6.1f} CPU s, "
            f"{other.memory:4.0f} MiB ({told}): 1/{other.cpu / mine.cpu:.0f} of the time (goal 1/{1 / goal:.0f}), "
            f"1/{other.memory / mine.memory:.1f} of the memory (goal 1/{1 / MEMORY_GOAL:.0f})"
        )


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("PRENTICE_DATA") or str(Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "prentice-bench" / "released")
    parser.add_argument("--only", default="", help="issues whose name has this in it")
    parser.add_argument("--aider", metavar="PYTHON")
    parser.add_argument("--repository", type=Path)
    parser.add_argument("--commits", type=int, default=100)
    options = parser.parse_args()
    if options.repository:
        on_commits(options.repository, count=options.commits).show(halves=("all",))
        return
    speed(options.cache, aider=options.aider)  # first: a child's peak memory is never below what its parent had
    questions, skipped = issues(options.data, cache_directory=options.cache, only=options.only)
    print(
        f"\n{len(questions)} issues, {skipped} skipped because no released source package has the files of their patch"
    )
    if not questions:
        sys.exit(1)
    with tempfile.TemporaryDirectory() as indexes:
        results = on_issues(questions, indexes=Path(indexes))
    results.show(halves=("tuned", "held out", "all"))
    met = results.is_goal_met()
    sys.exit(not met)


if __name__ == "__main__":
    main()
