"""The playbooks as data: every line can be used, and a damaged one is noticed."""

import pytest

from prentice.backends.builtin.concepts import concepts, recognise
from prentice.backends.builtin.kinds import KINDS
from prentice.backends.builtin.playbook import (
    CRITERION_LENGTH,
    DESCRIPTION_LENGTH,
    NAME_LENGTH,
    Playbook,
    fill,
    library,
    read,
)
from prentice.tasks.plan import CATEGORIES, COMPLEXITIES

PLAIN = [playbook for playbook in library() if "brief" not in playbook.kinds]


@pytest.mark.parametrize("playbook", PLAIN, ids=lambda playbook: playbook.name)
def test_a_playbook_holds_together(playbook: Playbook) -> None:
    keys = [step.key for step in playbook.steps]
    assert len(set(keys)) == len(keys)
    assert set(playbook.kinds) <= {*KINDS, "addon", "spare"}
    assert {name for group in playbook.needs for name in group} <= {*concepts(), "*"}
    for step in playbook.steps:
        assert set(step.after) < set(keys)
        assert step.complexity in COMPLEXITIES
        assert step.category in CATEGORIES
        assert 1 <= step.keep <= 5
        assert step.role in {"", "first", "core", "tests", "docs", "last"}


@pytest.mark.parametrize("playbook", PLAIN, ids=lambda playbook: playbook.name)
def test_a_playbook_can_be_filled_without_knowing_anything(playbook: Playbook) -> None:
    for step in playbook.steps:
        assert 0 < len(fill(step.name, {}, limit=1_000)) <= NAME_LENGTH or "{" in step.name
        assert len(fill(step.description, {}, limit=1_000)) <= DESCRIPTION_LENGTH
        for entry in step.criteria:
            assert len(fill(entry, {}, limit=1_000)) <= CRITERION_LENGTH, entry


def test_a_template_takes_the_first_way_that_is_known_and_fits() -> None:
    template = "Move {short} to {target}[, in {file}] || Move it"
    assert fill(template, {}, limit=72) == "Move it"
    assert fill(template, {"short": "the jobs", "target": "Airflow"}, limit=72) == "Move the jobs to Airflow"
    assert fill(template, {"short": "the jobs", "target": "Airflow", "file": "a.py"}, limit=72).endswith(", in a.py")
    assert (
        fill(template, {"short": "the jobs", "target": "Airflow", "file": "a.py"}, limit=26)
        == "Move the jobs to Airflow"
    )
    assert fill("Use [{tool}||a tool] here", {}, limit=72) == "Use a tool here"
    assert fill("Use {tool}", {}, limit=72) == ""


@pytest.mark.parametrize(
    "text", ["## x\nfor: bug\n### no key\n> simple other\n", "## x\n### a: Name\nno meta\n", "## x\nwith: bug\n"]
)
def test_a_damaged_playbook_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="playbook x"):
        read(text)


def test_concepts_are_found_by_whole_words_and_the_longest_name_wins() -> None:
    assert "race" not in recognise("Trace the embrace")
    assert "dashboard" not in recognise("Create a Helm chart")
    assert "kubernetes" in recognise("Create a Helm chart")
    assert recognise("Add caching")["cache"] == recognise("Add caches")["cache"]
    assert next(iter(recognise("Add OAuth login to the dashboard"))) == "oauth"
