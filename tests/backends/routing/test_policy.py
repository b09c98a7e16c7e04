"""The policy's tables, what users may change of them, and what a purpose needs."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from prentice.backends.routing import policy as policy_module
from prentice.backends.routing.policy import load_policy
from prentice.config import load
from prentice.errors import ConfigError
from prentice.tasks.plan import CATEGORIES

TABLES = tomllib.loads(Path(policy_module.__file__).with_name("policy.toml").read_text(encoding="utf-8"))


def changed(text: str) -> Any:
    return load_policy(tomllib.loads(text)["policy"]["models"])


@pytest.mark.parametrize("table", ["purpose", "category", "family", "mixture", "never"])
def test_every_row_says_why(table: str) -> None:
    assert all(row["says"] for row in TABLES[table].values())


def test_every_category_of_the_analyzer_has_a_kind_of_work() -> None:
    assert set(TABLES["category"]) == set(CATEGORIES)


def test_every_family_that_is_ordered_exists() -> None:
    assert {name for order in TABLES["order"].values() for name in order} <= set(TABLES["family"])


@pytest.mark.parametrize(
    ("purpose", "category", "names_source", "kind", "says"),
    [
        ("breakdown", "refactoring", True, "general", "a plan is reasoning in words"),
        ("execute", "refactoring", False, "code", "refactoring rewrites code"),
        ("execute", "documentation", False, "general", "documentation is prose"),
        ("execute", "documentation", True, "code", "documentation of source files stands in the code"),
        ("execute", "other", False, "general", "nothing says that it is about code"),
        ("execute", "other", True, "code", "the task names source files or symbols"),
        ("code_review", "other", False, "code", "reviewing means reading code"),
        ("something new", "bug_fix", False, "code", "a fix is a change of code"),
    ],
)
def test_kind_of_work_and_its_reason_follow_from_purpose_category_and_files(
    purpose: str, category: str, names_source: object, kind: str, says: str
) -> None:
    need = load_policy().need(purpose, category=category, names_source=bool(names_source))
    assert (need.kind, need.kind_says) == (kind, says)


def test_sizes_of_the_record_go_before_the_assumptions() -> None:
    need = load_policy().need("breakdown", sizes=(4321, 321))
    assert (need.prompt_tokens, need.reply_tokens) == (4321, 321)
    assert need.window == 4753 + 642


def test_a_user_changes_order_patience_and_families_by_name() -> None:
    policy = changed(
        """
        [policy.models.order]
        code = ["CodeLlama", "Qwen Coder"]
        [policy.models.patience]
        quality = 900
        [policy.models.family.Ours]
        pattern = "ours"
        kind = "code"
        tier = 1
        """
    )
    assert policy.family_rank("CodeLlama", kind="code", backend="ollama") == 0
    assert policy.patience["quality"] == 900
    assert policy.patience["speed"] == load_policy().patience["speed"]
    assert policy.families[0].name == "Ours"


@pytest.mark.parametrize(
    "text",
    [
        "patiens = { quality = 3 }",
        "patience = { quality = 'long' }",
        "patience = { quolity = 3 }",
        "patience = 3",
        "order = { code = 'CodeLlama' }",
        "family = { Ours = { pattern = '(', kind = 'code', tier = 1 } }",
        "family = { Ours = { pattern = 'x', kind = 'poetry', tier = 1 } }",
        "family = { Ours = { kind = 'code', tier = 1 } }",
        "memory = { share = 0 }",
        "mixture = { Ours = { pattern = 'x', active = 2 } }",
        "memory = { share = -1.0 }",
        "purpose = { execute = { kind = 'poetry' } }",
        "speed = { processor = { bytes_a_second = nan } }",
    ],
)
def test_nonsense_is_refused_and_leads_to_the_page_on_choosing(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        changed(f"[policy.models]\n{text}")
    assert "docs/choosing-models.md" in caught.value.next_step


def test_the_settings_file_carries_the_changes_beside_those_of_the_analyzer(tmp_path: Path) -> None:
    (tmp_path / ".prentice").mkdir()
    (tmp_path / ".prentice" / "config.toml").write_text(
        "[policy.models.patience]\nspeed = 5\n[policy.one-place.at_most]\ntargets = 3\n"
    )
    settings = load(tmp_path, environment={"PRENTICE_HOME": str(tmp_path)})
    assert load_policy(settings.policy["models"]).patience["speed"] == 5
