"""Rewrites of the prompt's own words that say something else are refused; sentences said in other ways are not."""

import json
from pathlib import Path

import pytest

from prentice.skills.optimize.guards.guard import objections
from skills.optimize.issue_pairs import alone


def rows(name: str) -> list[dict[str, str]]:
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("row", rows("lies.jsonl"), ids=lambda row: row["lie"][:60])
def test_what_says_something_else_is_refused(row: dict[str, str]) -> None:
    assert objections(row["lie"], alone(row["prompt"]))
    assert not objections(row["prompt"] + " ", alone(row["prompt"]))


def test_sentences_said_in_other_ways_pass() -> None:
    """At most 4 of 80 may be refused; the guards were adapted to the first 40 of them, and not to the others before."""
    found = rows("rewordings.jsonl")
    alarms = [row["paraphrase"] for row in found if objections(row["paraphrase"], alone(row["prompt"]))]
    assert len(found) == 80
    assert len(alarms) <= 4, alarms
