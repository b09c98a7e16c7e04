"""No plan loses what the task states: numbers with units, versions, names, quotations, files and listed words."""

import pytest

from prentice.backends.builtin.particulars import missing, particulars
from prentice.backends.builtin.planner import plan
from prentice.tasks.plan import NamedPath, NamedSymbol, PlanningFacts, RepositoryFacts, Subtask


def text(steps: tuple[Subtask, ...]) -> str:
    return "\n".join("\n".join([step.name, step.description, *step.acceptance_criteria]) for step in steps)


def test_particulars_are_found_as_they_are_written() -> None:
    sentence = (
        'Cut p95 of `load()` from 900 ms to 300 ms in PriceService.get, say "too slow", keep v2.1 and S3 two years'
    )
    assert {"`load()`", "900 ms", "300 ms", "PriceService.get", '"too slow"', "v2.1", "S3", "two years"} <= set(
        particulars(sentence)
    )
    assert missing("Keep 300 ms and Kafka", "within 300 MS") == ("Kafka",)


@pytest.mark.parametrize(
    "title",
    [
        "Cut p95 from 900 ms to 300 ms",
        "Archive orders older than two years to S3 every night",
        "Backfill `country_code` for 12 million existing customers",
        "Reduce RAM usage of the BLE stack from 64 kB to 48 kB",
        "Retry failed Stripe charges 3 times within 24 hours",
        'Show "Out of stock" when CartService.available returns 0',
        "Rotate the Kafka credentials every 90 days",
        "Bring test coverage of the scheduler to 80 %",
        "Partition the `events` table by month and keep 24 months",
        "Raise the upload limit of /api/files from 10 MB to 2 GB",
        "Drop the unused index on orders.customer_id",
        "Upgrade Django from 3.2 to 4.2 on Debian 12",
        "Let support staff impersonate a customer for 30 minutes",
        "Document the --max-age option and the PRENTICE_HOME variable",
        "Write a postmortem for the outage of 3 March",
    ],
)
def test_every_particular_of_a_title_stands_in_the_plan(title: str) -> None:
    assert missing(title, text(plan(PlanningFacts(name=title)))) == ()


def test_every_particular_of_a_description_stands_in_the_plan() -> None:
    description = (
        "Every night at 02:30 the job copies orders older than two years to the bucket `cold-orders` on S3.\n\n"
        "It must not take longer than 45 minutes. Failures go to the Slack channel ops-data through AlertSender.send."
    )
    steps = plan(PlanningFacts(name="Archive old orders", description=description))
    assert missing(description, text(steps)) == ()


RELEASE = (
    "1. Freeze the main branch\n2. Update the changelog\n3. Tag and upload (after 1 and 2). The wheel goes to PyPI.\n"
    "4. Announce on the mailing list once 3 is done\n5. Open the next milestone (depends on 1)\n6. Thank the testers"
)


def test_listed_steps_keep_their_words_their_sentences_and_the_order_that_they_state() -> None:
    steps = plan(PlanningFacts(name="Release 2.4 of the client library", description=RELEASE))
    by_name = {step.name: step for step in steps}
    names = {step.key: step.name for step in steps}

    def before(name: str) -> set[str]:
        return {names[key] for key in by_name[name].dependencies}

    assert before("Tag and upload") == {"Update the changelog"}  # which in turn waits for the first
    assert "The wheel goes to PyPI" in text((by_name["Tag and upload"],))
    assert before("Announce on the mailing list") == {"Tag and upload"}
    assert before("Open the next milestone") == {"Freeze the main branch"}
    assert before("Thank the testers") == {"Open the next milestone"}
    assert "opted out" not in text(steps)
    assert "forbidden type" not in text(steps)


def test_bulleted_steps_do_not_wait_for_one_another() -> None:
    steps = plan(PlanningFacts(name="Clean up the build", description="- Remove the old Makefile\n- Add a lint target"))
    by_name = {step.name: step for step in steps}
    assert by_name["Remove the old Makefile"].key not in by_name["Add a lint target"].dependencies


@pytest.mark.parametrize(
    ("title", "fits"),
    [
        ("Port the HTTP handlers from Python to Go", False),
        ("Rewrite the importer in Rust", False),
        ("Add a retry option to the importer", True),
        ("Port the HTTP handlers from Perl to Python", True),
    ],
)
def test_a_check_command_is_asked_of_code_in_its_language_only(title: str, *, fits: bool) -> None:
    repository = RepositoryFacts(languages=("Python",), checks={"test": "uv run pytest -q"})
    found = text(plan(PlanningFacts(name=title, repository=repository)))
    assert ("`uv run pytest -q` passes" in found) is fits


def test_files_and_symbols_that_the_text_names_are_named_by_a_step() -> None:
    repository = RepositoryFacts(
        languages=("Python",),
        named_paths=(
            NamedPath(written="store/lock.py", found=("store/lock.py",)),
            NamedPath(written="docs/locking.md", found=("docs/locking.md",)),
        ),
        named_symbols=(NamedSymbol(written="SessionStore", found=("store/session.py:12",)),),
    )
    for title in ("Warn users before their session expires", "Fix crash on logout", "Translate the mails into French"):
        found = text(plan(PlanningFacts(name=title, repository=repository)))
        assert all(name in found for name in ("store/lock.py", "docs/locking.md", "SessionStore")), title
