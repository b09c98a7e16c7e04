"""The planner without a model: sound plans for anything, and plans that belong to the task they were made for."""

import itertools
import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prentice.backends.builtin.planner import plan
from prentice.backends.builtin.playbook import NAME_LENGTH
from prentice.errors import TextError
from prentice.skills.breakdown.checks import problems
from prentice.tasks.plan import CATEGORIES, COMPLEXITIES, NamedPath, PlanningFacts, RepositoryFacts, Subtask

TASKS = {
    "migration": [
        "Migrate Python MCP server to Go SDK",
        "Migrate from MySQL to PostgreSQL without downtime",
        "Replace moment.js with date-fns in the frontend",
        "Convert the codebase to TypeScript",
    ],
    "feature": [
        "Add OAuth login with Google to the admin panel",
        "Let users pin messages in a channel",
        "Add undo to the drawing canvas",
        "Add a --dry-run flag to the sync command",
    ],
    "bug": [
        "Fix race condition in the session store",
        "Fix crash when opening an empty CSV file",
        "Users are logged out after refreshing the page on Safari",
        "Prices are rounded incorrectly in the cart",
    ],
    "refactoring": [
        "Refactor the OrderService class into smaller modules",
        "Rename Customer to Account across the codebase",
        "Split utils.py into focused modules",
    ],
    "tests": [
        "Write unit tests for the invoice parser",
        "Add end-to-end tests for the checkout flow",
        "Fix flaky test_upload test",
    ],
    "docs": ["Document the REST API", "Write a tutorial for building a first plugin", "Fix broken documentation links"],
    "api": [
        "Add a POST /invoices endpoint to the billing API",
        "Add rate limiting to the public API",
        "Add pagination to the orders API",
    ],
    "performance": [
        "Reduce p95 latency of the pricing service to under 200 ms",
        "Speed up the CI pipeline",
        "Fix N+1 queries on the orders page",
    ],
    "security": [
        "Fix SQL injection in the user search",
        "Remove hard-coded secrets from the repository",
        "Encrypt customer data at rest",
    ],
    "ui": [
        "Add dark mode to the settings page",
        "Make the signup page accessible for screen readers",
        "Create an admin dashboard showing daily signups",
    ],
    "data": [
        "Import customers from CSV files into the CRM database",
        "Train a churn prediction model",
        "Deduplicate customer records",
    ],
    "devops": ["Set up CI with GitHub Actions", "Create a Helm chart for the payment service", "Automate database backups"],  # noqa: E501 - a pattern or a list of words reads best in one piece
    "release": ["Publish the package to PyPI automatically", "Release version 2.0"],
    "research": ["Evaluate whether to use Kafka or RabbitMQ for order events", "Investigate why the nightly import takes four hours"],  # noqa: E501 - a pattern or a list of words reads best in one piece
    "dependency": ["Upgrade Django from 3.2 to 4.2"],
    "configuration": ["Make the retry limits configurable"],
    "integration": ["Integrate Slack with the build server"],
    "removal": ["Remove the legacy XML export"],
}  # fmt: skip
ALL = [title for titles in TASKS.values() for title in titles]
REPOSITORY = RepositoryFacts(
    name="store",
    languages=("Python",),
    checks={"test": "pytest -q", "lint": "ruff check"},
    places={"tests": ("tests",), "docs": ("docs",)},
    named_paths=(
        NamedPath(written="lock.py", found=("store/lock.py",)),
        NamedPath(written="docs/locking.md", found=("docs/locking.md",)),
        NamedPath(written="tests/test_lock.py"),
    ),
)


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.lower()))


def jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0


def names(steps: tuple[Subtask, ...]) -> str:
    return "\n".join(step.name for step in steps)


def text(steps: tuple[Subtask, ...]) -> str:
    return "\n".join("\n".join([step.name, step.description, *step.acceptance_criteria]) for step in steps)


def assert_sound(facts: PlanningFacts, steps: tuple[Subtask, ...]) -> None:
    assert problems(steps, facts) == ()
    keys = [step.key for step in steps]
    assert len(set(keys)) == len(keys)
    assert len({step.name.lower() for step in steps}) == len(steps)
    done: set[str] = set()
    for step in steps:  # in order, so that a known dependency which stands earlier also rules out cycles
        assert set(step.dependencies) <= done, step
        done.add(step.key)
        assert re.fullmatch(r"[a-z0-9-]{1,24}", step.key)
        assert 0 < len(step.name) <= 72
        assert not step.name.endswith(".")
        assert 0 < len(step.description) <= 240
        assert 3 <= len(step.acceptance_criteria) <= 5
        assert all(0 < len(entry) <= 110 for entry in step.acceptance_criteria)
        assert len(set(step.acceptance_criteria)) == len(step.acceptance_criteria)
        assert step.complexity in COMPLEXITIES
        assert step.category in CATEGORIES
        assert jaccard(words(step.name), words(facts.name)) < 0.8, step.name
        for name in facts.existing:
            assert jaccard(words(step.name), words(name)) < 0.85, step.name
    covered = {number for step in steps for number in step.covers}
    assert covered == set(range(1, len(facts.criteria) + 1))
    assert not re.search(r"\{\w+\}|\|\||\[\s|\s\]|  ", text(steps))


@pytest.mark.parametrize("title", ALL)
def test_every_kind_of_task_gets_a_sound_plan(title: str) -> None:
    facts = PlanningFacts(name=title)
    assert_sound(facts, plan(facts))


@pytest.mark.parametrize("title", ALL)
def test_a_plan_speaks_of_its_task_without_repeating_the_title_in_every_step(title: str) -> None:
    steps = plan(PlanningFacts(name=title))
    said = words(text(steps))
    own = {word for word in words(title) if len(word) > 3} - {"with", "from", "into", "when"}
    assert own & said
    assert sum(title.lower() in step.name.lower() for step in steps) == 0


def test_plans_for_different_kinds_share_few_words_in_their_names() -> None:
    small = {"the", "and", "a", "of", "in", "with", "it", "to", "what", "for", "on", "that"}
    said = {
        kind: [words(names(plan(PlanningFacts(name=title)))) - small for title in titles]
        for kind, titles in TASKS.items()
    }
    for (one, left), (other, right) in itertools.combinations(said.items(), 2):
        for mine, theirs in itertools.product(left, right):
            assert jaccard(mine, theirs) < 0.35, (one, other)


@pytest.mark.parametrize("title", ALL)
@pytest.mark.parametrize(("least", "most"), [(1, 1), (1, 2), (3, 3), (2, 5), (9, 12), (20, 20), (1, 20)])
def test_the_count_keeps_to_any_bounds(title: str, least: int, most: int) -> None:
    facts = PlanningFacts(name=title, min_subtasks=least, max_subtasks=most)
    assert_sound(facts, plan(facts))


@pytest.mark.parametrize("title", ALL)
def test_independent_steps_run_side_by_side(title: str) -> None:
    steps = plan(PlanningFacts(name=title))
    chain = all(step.dependencies == (before.key,) for before, step in itertools.pairwise(steps))
    assert len(steps) < 6 or not chain or "into smaller" in title or "service" in title or "4.2" in title


def test_the_same_facts_give_the_same_plan() -> None:
    facts = PlanningFacts(name=ALL[0], repository=REPOSITORY)
    assert plan(facts) == plan(PlanningFacts.from_document(json.loads(json.dumps(facts.document()))))


def test_a_migration_names_both_sides() -> None:
    said = names(plan(PlanningFacts(name="Migrate Python MCP server to Go SDK")))
    assert "Python server" in said
    assert "Go SDK" in said
    assert "recorded calls" in said
    assert "transports (stdio, HTTP)" in text(plan(PlanningFacts(name="Migrate Python MCP server to Go SDK")))


@pytest.mark.parametrize("title", TASKS["bug"])
def test_a_bug_starts_with_a_failing_test(title: str) -> None:
    first, *rest = plan(PlanningFacts(name=title))
    assert first.category == "test_generation"
    assert not first.dependencies
    assert any(step.category == "bug_fix" for step in rest)


def test_a_race_is_forced_decided_guarded_and_stressed() -> None:
    steps = plan(PlanningFacts(name="Fix race condition in the session store"))
    assert [step.key for step in steps][:4] == ["reproduce", "decide", "fix", "stress"]
    assert "session store" in steps[0].name


@pytest.mark.parametrize("title", TASKS["performance"])
def test_performance_work_starts_by_measuring(title: str) -> None:
    first = plan(PlanningFacts(name=title))[0]
    assert re.match(r"Measure|Record|Time|Count", first.name)


def test_the_limit_of_the_text_becomes_the_target() -> None:
    steps = plan(PlanningFacts(name="Reduce p95 latency of the pricing service to under 200 ms"))
    assert "under 200 ms" in " ".join(steps[0].acceptance_criteria)
    steps = plan(PlanningFacts(name="Make the report page faster", description="It must load in less than 2 seconds."))
    assert "less than 2 seconds" in text(steps)


@pytest.mark.parametrize(
    ("title", "qualifier"),
    [
        ("Migrate the billing jobs to Airflow without downtime", "without downtime"),
        ("Add an export of invoices by Friday", "Friday"),
    ],
)
def test_qualifiers_of_the_title_are_kept(title: str, qualifier: str) -> None:
    assert qualifier in text(plan(PlanningFacts(name=title)))


def test_files_that_exist_are_named_where_they_are_touched_and_missing_ones_are_created() -> None:
    facts = PlanningFacts(
        name="Fix the race in lock.py",
        description="lock.py lets two processes in. Explain the order in docs/locking.md and add tests/test_lock.py.",
        repository=REPOSITORY,
    )
    steps = plan(facts)
    assert_sound(facts, steps)
    assert "`store/lock.py`" in names(steps)
    assert "`docs/locking.md`" in text(steps)
    assert "`tests/test_lock.py` is created" in text(steps)
    assert "`pytest -q` passes" in text(steps)


@pytest.mark.parametrize("title", ALL)
def test_without_facts_no_path_or_command_is_invented(title: str) -> None:
    said = text(plan(PlanningFacts(name=title)))
    assert "pytest" not in said
    assert not re.search(r"`(?:src|tests|docs)/", said)


def test_an_ambiguous_file_name_is_put_as_a_question() -> None:
    repository = RepositoryFacts(named_paths=(NamedPath(written="utils.py", found=("a/utils.py", "b/utils.py")),))
    steps = plan(PlanningFacts(name="Split utils.py into focused modules", repository=repository))
    assert "settled which `utils.py` is meant: `a/utils.py` or `b/utils.py`" in text(steps)


def test_a_numbered_list_becomes_the_plan_in_its_order() -> None:
    facts = PlanningFacts(
        name="Improve checkout",
        description="1. Measure the drop-off of each page\n2. Merge the address and payment forms\n3. Add Apple Pay\n",
    )
    steps = plan(facts)
    assert_sound(facts, steps)
    said = [step.name for step in steps]
    assert said[:3] == ["Measure the drop-off of each page", "Merge the address and payment forms", "Add Apple Pay"]
    assert steps[1].dependencies == (steps[0].key,)
    assert steps[2].dependencies == (steps[1].key,)


def test_a_bulleted_list_leaves_its_entries_side_by_side() -> None:
    facts = PlanningFacts(
        name="Prepare the beta",
        description="- Add a feedback form\n- Build the pricing page\n- Write the onboarding mail",
    )
    steps = plan(facts)
    assert_sound(facts, steps)
    assert sum(not step.dependencies for step in steps) >= 2


def test_phase_headings_become_the_plan_with_their_lists_as_criteria() -> None:
    description = (
        "## Phase 1: Extract the reader\n- Move parsing to its own module\n\n## Phase 2: Add streaming\n- Bounded memory\n\n"  # noqa: E501 - a pattern or a list of words reads best in one piece
        "## Phase 3: Document the format\n- Show one example\n"
    )
    facts = PlanningFacts(name="Rework the importer", description=description)
    steps = plan(facts)
    assert_sound(facts, steps)
    assert [step.name for step in steps if step.name in {"Extract the reader", "Add streaming", "Document the format"}] == [  # noqa: E501 - a pattern or a list of words reads best in one piece
        "Extract the reader", "Add streaming", "Document the format",
    ]  # fmt: skip
    assert "Bounded memory" in text(steps)


def test_a_long_list_is_merged_without_losing_an_entry() -> None:
    things = [
        "parser",
        "lexer",
        "printer",
        "linter",
        "loader",
        "writer",
        "cache",
        "router",
        "logger",
        "mailer",
        "reader",
        "timer",
    ]
    facts = PlanningFacts(
        name="Build the toolkit", description="\n".join(f"- Add the {thing}" for thing in things), max_subtasks=5
    )
    steps = plan(facts)
    assert_sound(facts, steps)
    assert all(thing in text(steps) for thing in things)


def test_several_goals_of_one_sentence_each_get_their_steps() -> None:
    steps = plan(PlanningFacts(name="Add CSV export to the reports page and fix the encoding bug in the importer"))
    assert any(step.category == "bug_fix" for step in steps)
    assert "importer" in text(steps)
    assert "reports page" in text(steps)


def test_rules_of_the_description_go_into_the_steps_that_they_concern() -> None:
    facts = PlanningFacts(
        name="Add rate limiting to the public API",
        description="Requests without a key must share a limit of 10 per minute. Health checks are never limited.",
    )
    assert "Requests without a key must share a limit of 10 per minute" in text(plan(facts))


def test_every_criterion_of_the_task_is_claimed_by_a_step_that_says_it() -> None:
    facts = PlanningFacts(
        name="Add password reset",
        criteria=(
            "Reset links expire after 30 minutes",
            "The help page describes the reset",
            "All existing tests pass",
            "Pigeons are fed at noon",
        ),
    )
    steps = plan(facts)
    assert_sound(facts, steps)
    for number, criterion in enumerate(facts.criteria, start=1):
        holder = next(step for step in steps if number in step.covers)
        assert criterion in holder.acceptance_criteria


@pytest.mark.parametrize("most", [1, 3, 8])
def test_many_criteria_are_all_covered_in_few_steps(most: int) -> None:
    criteria = tuple(
        f"The {thing} of the report is {state}"
        for thing in ("header", "footer", "chart", "table", "legend")
        for state in ("sorted", "printed", "saved", "tested")
    )
    facts = PlanningFacts(name="Finish the yearly report", criteria=criteria, min_subtasks=1, max_subtasks=most)
    assert_sound(facts, plan(facts))


def test_an_open_task_is_not_planned_a_second_time() -> None:
    bare = plan(PlanningFacts(name="Fix SQL injection in the user search"))
    facts = PlanningFacts(name="Fix SQL injection in the user search", existing=(bare[1].name, bare[-1].name.upper()))
    steps = plan(facts)
    assert_sound(facts, steps)
    assert bare[1].name not in names(steps)


def test_all_steps_standing_open_already_still_gives_a_sound_plan() -> None:
    bare = plan(PlanningFacts(name="Add dark mode to the settings page"))
    facts = PlanningFacts(name="Add dark mode to the settings page", existing=tuple(step.name for step in bare))
    assert_sound(facts, plan(facts))


@pytest.mark.parametrize("title", ["Add retries to the upload client", "Rework undo", "Add an export to the admin API"])
def test_any_number_of_alike_tasks_gets_sound_plans_with_steps_of_their_own(title: str) -> None:
    open_tasks: list[str] = []
    for number in range(12):
        facts = PlanningFacts(name=f"{title} for tenant {number}", existing=tuple(open_tasks))
        steps = plan(facts)
        assert_sound(facts, steps)
        open_tasks += [facts.name, *(step.name for step in steps)]
    assert len(set(map(str.lower, open_tasks))) == len(open_tasks)
    assert all(len(name) <= NAME_LENGTH for name in open_tasks)


def test_the_steps_of_an_alike_task_say_what_they_are_for() -> None:
    bare = plan(PlanningFacts(name="Add dark mode to the settings page"))
    facts = PlanningFacts(name="Add dark mode to the shop", existing=tuple(step.name for step in bare))
    steps = plan(facts)
    assert len(steps) == len(plan(PlanningFacts(name="Add dark mode to the shop")))
    assert any("the shop" in step.name for step in steps)


def test_context_adds_steps() -> None:
    without = plan(PlanningFacts(name="Add comments to articles"))
    context = plan(PlanningFacts(name="Add comments to articles", context="Everything has to go into the audit log."))
    assert "audit log" not in names(without)
    assert "audit log" in names(context)


def test_a_word_inside_another_is_no_hit() -> None:
    steps = plan(PlanningFacts(name="Show shipping information on the order page"))
    assert "formatter" not in text(steps)


@pytest.mark.parametrize(
    "title", ["fix it", "do stuff", "authentication", "Improve things", "Fix the bug", "???", "", "   ", "\x00\x01"]
)
def test_a_text_with_nothing_to_hold_on_to_is_refused_with_what_is_missing(title: str) -> None:
    with pytest.raises(TextError) as caught:
        plan(PlanningFacts(name=title))
    assert "place" in caught.value.next_step


def test_another_language_is_refused_naming_a_model_backend() -> None:
    with pytest.raises(TextError, match="English") as caught:
        plan(PlanningFacts(name="\u4fee\u590d\u767b\u5f55\u9875\u9762\u7684\u9519\u8bef"))
    assert "--backend ollama" in caught.value.next_step


def test_another_language_with_a_list_is_ordered() -> None:
    facts = PlanningFacts(
        name="\u4fee\u590d\u767b\u5f55\u9875\u9762",
        description="1. \u5199\u6d4b\u8bd5\u7528\u4f8b\n2. \u4fee\u590d\u9519\u8bef\n3. \u66f4\u65b0\u6587\u6863",
    )
    steps = plan(facts)
    assert_sound(facts, steps)
    assert "\u4fee\u590d\u9519\u8bef" in text(steps)


@given(
    name=st.text(max_size=300),
    description=st.text(max_size=1_000)
    | st.lists(st.text(max_size=80), max_size=30).map(lambda rows: "\n".join(f"- {row}" for row in rows)),
    criteria=st.lists(st.text(st.characters(categories=["L", "N", "Zs"]), min_size=3, max_size=150), max_size=12),
    existing=st.lists(st.text(max_size=80), max_size=5),
    bounds=st.tuples(st.integers(1, 20), st.integers(1, 20)).map(sorted),
)
@settings(deadline=None, max_examples=150)
def test_any_text_gives_a_sound_plan_or_a_text_error(
    name: str, description: str, criteria: list[str], existing: list[str], bounds: list[int]
) -> None:
    facts = PlanningFacts(
        name=name, description=description, criteria=tuple(criteria), existing=tuple(existing),
        min_subtasks=bounds[0], max_subtasks=bounds[1],
    )  # fmt: skip
    try:
        steps = plan(facts)
    except TextError:
        return
    assert problems(steps, facts) == ()


WORDS = st.sampled_from(
    "add fix the login page and tests for API from to without when - 1. ## `x` users must never CSV import race".split()
)


@given(
    st.lists(WORDS, min_size=3, max_size=40).map(" ".join),
    st.lists(st.lists(WORDS, max_size=12).map(" ".join), max_size=20).map("\n".join),
)
@settings(deadline=None, max_examples=150)
def test_any_order_of_plausible_words_gives_a_sound_plan_or_a_text_error(name: str, description: str) -> None:
    facts = PlanningFacts(name=name, description=description)
    try:
        steps = plan(facts)
    except TextError:
        return
    assert_sound(facts, steps)


@pytest.mark.parametrize(
    "unit", ["a ", "- do it\n", "# x\n", "(", "`", '"', "and fix the ", "x" * 50, ". ", "** ", "[a](", "1. Add a\n"]
)
def test_sixty_four_kilobytes_of_anything_take_no_more_than_moments(unit: str) -> None:
    long = (unit * 66_000)[:65_536]
    started = time.process_time()
    for facts in (PlanningFacts(name="Add a login page", description=long), PlanningFacts(name=long)):
        try:
            assert plan(facts)
        except TextError:
            continue
    assert time.process_time() - started < 3.0


def test_a_plan_takes_less_than_thirty_milliseconds_once_the_playbooks_are_read() -> None:
    plan(PlanningFacts(name=ALL[0]))
    started = time.process_time()
    for title in ALL:
        plan(PlanningFacts(name=title))
    assert (time.process_time() - started) / len(ALL) < 0.03


def test_tasks_of_real_projects_get_sound_plans(data: Path) -> None:
    planned = 0
    for path in sorted((data / "todo2").rglob("*.json")):
        for record in json.loads(path.read_text(encoding="utf-8")).get("todos", []):
            facts = PlanningFacts(
                name=record.get("name") or record.get("content") or "", description=record.get("long_description") or ""
            )
            try:
                steps = plan(facts)
            except TextError:
                continue
            assert_sound(facts, steps)
            planned += 1
    assert planned > 100
