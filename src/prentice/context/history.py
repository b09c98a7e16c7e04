"""What a repository's history says: files that commits with such a message changed, and files changed together."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prentice.context.files import git
from prentice.context.terms import Terms

MAX_COMMITS: Final = 500
"""The newest commits that are read; the time for it is that of any git command here (`files.GIT_SECONDS`)."""
MAX_FILES: Final = 15
"""A commit of more files is a sweep through the project, which ties none of them to another."""
_CLOSEST: Final = 12
_MAX_LETTERS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit's message and the files that it changed, relative to the project's root."""

    message: str
    files: tuple[str, ...]


def commits(root: Path) -> tuple[Commit, ...]:
    """Give the newest commits that concern a project, newest first; none where git does not answer in time."""
    answer = git(
        root,
        ("log", f"--max-count={MAX_COMMITS}", "--no-merges", "--no-show-signature", "--no-renames", "--relative",
         "--name-only", "--format=format:%x01%B%x02", "-z", "HEAD", "--", "."),
    )  # fmt: skip
    if not answer:
        return ()
    found: list[Commit] = []
    for record in answer.decode("utf-8", "replace").split("\x01")[1:]:
        message, _, names = record.partition("\x02")
        files = tuple(name for name in (part.strip("\n") for part in names.split("\0")) if name)
        found.append(Commit(message[:_MAX_LETTERS], files))
    return tuple(found)


def changed_for(history: Collection[Commit], text_terms: Mapping[str, float]) -> dict[str, float]:
    """Score files by the commits whose messages are closest to a text's terms; the best file gets 1.

    A message counts by the terms that it shares with the text, rare ones more; that is divided among its files.
    """
    terms = Terms()
    messages = [(frozenset(terms.of(commit.message)), commit) for commit in history if _is_telling(commit)]
    frequency = Counter(term for found, _ in messages for term in found if term in text_terms)
    if not frequency:
        return {}
    rarity = {term: text_terms[term] * math.log(1 + len(messages) / count) for term, count in frequency.items()}
    closest = sorted(
        (
            (sum(rarity[term] for term in sorted(found & rarity.keys())), -age)
            for age, (found, _) in enumerate(messages)
        ),
        reverse=True,
    )[:_CLOSEST]
    scores: dict[str, float] = defaultdict(float)
    for score, age in closest:
        files = messages[-age][1].files
        for path in files:
            scores[path] += score / len(files)
    return _scaled(scores)


def changed_with(history: Collection[Commit], paths: Collection[str]) -> dict[str, float]:
    """Score files by how often they changed in one commit with any of some files; the most frequent gets 1."""
    scores: dict[str, float] = defaultdict(float)
    wanted = frozenset(paths)
    for commit in history:
        if wanted.intersection(commit.files) and _is_telling(commit):
            for path in commit.files:
                if path not in wanted:
                    scores[path] += 1 / len(commit.files)
    return _scaled(scores)


def _is_telling(commit: Commit) -> bool:
    return 0 < len(commit.files) <= MAX_FILES


def _scaled(scores: Mapping[str, float]) -> dict[str, float]:
    top = max(scores.values(), default=0.0)
    return {path: score / top for path, score in scores.items()} if top else {}
