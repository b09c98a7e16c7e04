"""A playbook is chosen by what the work is on: no modifier, place or purpose of a title may choose it."""

import pytest

from prentice.backends.builtin.choosing import choose
from prentice.backends.builtin.planner import plan
from prentice.backends.builtin.structure import Matter
from prentice.backends.builtin.title import parse
from prentice.backends.builtin.understanding import understand
from prentice.errors import TextError
from prentice.tasks.plan import PlanningFacts, Subtask


def chosen(title: str) -> str:
    task = understand(parse(title), text="", facts=PlanningFacts(name=title), matter=Matter())
    return choose(task.intent, task.votes, task.recognised).name


def text(steps: tuple[Subtask, ...]) -> str:
    return "\n".join("\n".join([step.name, step.description, *step.acceptance_criteria]) for step in steps)


def planned(title: str) -> str:
    return text(plan(PlanningFacts(name=title)))


@pytest.mark.parametrize(
    ("title", "playbook"),
    [
        ("Add paging to the list of orders", "pagination"),
        ("Add infinite scroll to the list of bookings", "pagination"),
        ("Cover the webhook signature verification with tests", "test-cases"),
        ("Exercise the retry logic of the mail sender with tests", "test-cases"),
        ("Snapshot-test the email templates", "test-cases"),
        ("Deprecate the /v1/users endpoint", "removal"),
        ("Sunset the GraphQL API", "removal"),
        ("Drop the search index of the old catalogue", "removal"),
        ("Set up dependabot", "dependency-bot"),
        ("Reduce flakiness of the integration suite", "flaky-test"),
        ("Get rid of the flaky checkout tests", "flaky-test"),
        ("Translate the admin UI into German", "add-language"),
        ("Make the checkout form usable with a screen reader", "accessibility"),
        ("Write an operations runbook for the payment worker", "runbook"),
        ("Write a postmortem for the outage of the search service", "postmortem"),
        ("Investigate the memory leak in the worker", "investigation"),
        ("Why does the cron job run twice on Sundays?", "investigation"),
        ("Reinit should clear the cached Z", "generic-bug"),
        ("The export button must not be shown to guests", "generic-bug"),
        ("Log out inactive users after 15 minutes", "behaviour-change"),
        ("Warn users before their session expires", "behaviour-change"),
        ("Limit password reset mails to 3 per hour per account", "behaviour-change"),
        ("Mask card numbers in the application logs", "behaviour-change"),
        ("Verify webhook signatures on incoming events", "behaviour-change"),
        ("Fix typo in README", "typo"),
        ("Move feature flags from LaunchDarkly to our own service", "generic-migration"),
        ("Port the scheduler from Perl to Rust", "language-rewrite"),
        ("Shrink the Docker image from 1.2 GB to 300 MB", "size"),
        ("Audit third-party npm packages for licences", "review"),
        ("Tidy up the CSS of the landing page", "refactor"),
        ("Add a troubleshooting section to the README", "docs"),
        ("Throttle outgoing SMS to 10 per second", "behaviour-change"),
        ("Throttle calls of the public API", "rate-limit"),
        ("Dropdown jumps when scrolling on iPad", "ui-bug"),
        ("Lower the advertising interval to 100 ms", "behaviour-change"),
        ("Stop sending newsletters to bounced addresses", "behaviour-change"),
        ("Convert timestamps to UTC in the events table", "behaviour-change"),
        ("Allow admins to delete spam comments", "feature"),
    ],
)
def test_what_the_work_is_on_chooses_the_playbook(title: str, playbook: str) -> None:
    assert chosen(title) == playbook


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("Add a total to the list of {}", {"feature"}),
        ("Fix the wrong order of names in the {} report", {"generic-bug", "ui-bug"}),
        ("Rename the columns of the {} table", {"rename", "schema-change"}),
        ("Document the {} module for new developers", {"docs"}),
        ("Remove the {} module", {"removal"}),
    ],
)
@pytest.mark.parametrize("noun", ["order", "webhook", "booking", "payment", "search", "chat", "audit"])
def test_a_noun_of_the_place_chooses_nothing(title: str, wanted: set[str], noun: str) -> None:
    assert chosen(title.format(noun)) in wanted


def test_an_upgrade_that_names_its_object_only_before_the_version_is_about_that_object() -> None:
    found = planned("Upgrade from Python 3.9 to 3.13")
    assert "Raise Python to 3.13" in found
    assert "3.13 Python" not in found


def test_what_something_is_taken_out_of_is_its_source_and_plural_nouns_take_plural_verbs() -> None:
    found = planned("Extract the pricing rules out of OrderService into a module")
    assert "Pin what the pricing rules do today" in found
    assert "OrderService" in found


@pytest.mark.parametrize("title", ["Fix the memory leak in the worker", "Prices are rounded wrongly in the cart"])
def test_an_optional_part_keeps_its_distance_from_the_word_before(title: str) -> None:
    found = planned(title)
    assert not any(glued in found for glued in ("heldin", "oncein", "growthin"))


def test_swapping_a_library_has_no_criteria_of_moving_data() -> None:
    found = planned("Replace moment.js with date-fns")
    assert "pause" not in found
    assert "shown by counts" not in found


def test_a_wish_is_tested_as_what_does_not_hold_yet() -> None:
    found = planned("Reinit should clear the cached Z")
    assert "does not clear the cached Z" in found
    assert "cache in front" not in found


def test_the_format_that_the_task_names_wins_over_the_usual_one() -> None:
    found = planned("Let customers export their invoices as a ZIP of PDFs")
    assert "ZIP of PDFs" in found
    assert "cell by cell" not in found


def test_a_small_task_gets_light_steps() -> None:
    assert {step.complexity for step in plan(PlanningFacts(name="Fix typo in README"))} == {"simple"}


def test_a_described_feature_is_planned_by_its_title_and_each_criterion_stands_where_it_belongs() -> None:
    facts = PlanningFacts(
        name="Volume discount for large orders",
        description="More than 10 pieces of an article get 5 % off, more than 50 get 12 %. Totals are wrong today.",
        criteria=(
            "A line with 11 pieces is 5 % cheaper",
            "The discount never applies to gift cards",
            "The invoice PDF shows the discount",
            "Existing orders keep their prices",
        ),
    )
    steps = plan(facts)
    assert all(step.category != "bug_fix" for step in steps)
    holders = {number: step for step in steps for number in step.covers}
    assert set(holders) == {1, 2, 3, 4}
    assert holders[2] != holders[3]
    gift = next(step for step in steps if "gift cards" in step.name)
    assert not any("invoice" in entry for entry in gift.acceptance_criteria)
    assert holders[3].category != "documentation"


@pytest.mark.parametrize("title", ["make it better", "improve things", "do the stuff", "make the app nicer", "fix it"])
def test_a_text_without_action_or_object_is_refused_with_what_is_missing(title: str) -> None:
    with pytest.raises(TextError, match="leaves open what") as caught:
        plan(PlanningFacts(name=title))
    assert "Name the action" in caught.value.next_step


def test_unknown_words_get_a_general_plan_in_these_words() -> None:
    found = planned("Frobnicate the quux of the gizmo")
    assert "frobnicating the quux of the gizmo" in found


@pytest.mark.parametrize(
    ("title", "playbook"),
    [
        ("Harden the file upload endpoint against path traversal", "dangerous-input"),
        ("Protect the comment form from XSS", "xss"),
    ],
)
def test_what_is_hardened_against_chooses_the_playbook(title: str, playbook: str) -> None:
    assert chosen(title) == playbook


def test_what_a_thing_is_made_to_do_is_the_work() -> None:
    found = planned("Make the progress bar show elapsed time")
    assert "showing elapsed time in the progress bar" in found
    assert "making" not in found


def test_what_is_also_done_to_the_same_object_is_no_work_of_its_own() -> None:
    found = planned("Archive nightly exports to S3 and keep them two years")
    assert "keeping them" not in found
    assert "keep them two years" in found
