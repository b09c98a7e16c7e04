"""The whole way as a person goes it, in a real browser: by mouse, by keyboard alone, and without JavaScript."""

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, Page, expect

import plans
import prentice
from prentice.changes.formats import Format
from prentice.ledger.database import Database
from prentice.ledger.leases import Leases
from prentice.ledger.migrations import LEDGER
from prentice.ledger.runs_table import RunsTable, Submission
from skills.execute.calculator import CALC, MENDED, READABLE, TASK, TESTING, Bench, answer, bench
from skills.execute.proposed import FILES, Proposed
from skills.execute.proposed import project as proposed_project
from web import browsers
from web.completed import complete

SECONDS = 60
T = TypeVar("T")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.browser() as started:
        yield started


@pytest.fixture
def proposed(tmp_path: Path) -> Proposed:
    return proposed_project(tmp_path / "project")


def apart(work: Callable[[], T]) -> T:
    """Do something of the library in a thread: playwright keeps an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result(SECONDS)


def test_the_printed_address_leads_in_and_its_token_leaves_the_address(browser: Browser, proposed: Proposed) -> None:
    run = complete(proposed)
    with browsers.command(proposed.root) as url, browsers.person(browser, url) as page:
        assert page.url == url.partition("?")[0]
        assert "token" not in page.evaluate("document.referrer + document.cookie + location.href")
        expect(page).to_have_title(re.compile("What waits for you"))
        page.get_by_role("link", name=re.compile("Change R-1")).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Shout")
        stranger = browser.new_context().new_page()
        stranger.goto(f"{url.partition('?')[0]}changes/{run}")
        expect(stranger.get_by_role("heading", level=1)).to_have_text("This page is not for everybody")


def test_a_plan_is_edited_approved_in_part_and_shown_as_tasks(browser: Browser, tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    project = prentice.open(root, backend=plans.script(tmp_path / "replies.jsonl", plans.reply(plans.good_plan())))
    project.init()
    project.add("Add retries to the upload client")
    apart(lambda: project.breakdown("T-1"))
    with browsers.command(root) as url, browsers.person(browser, url) as page:
        page.get_by_role("link", name=re.compile("Plan P-1")).click()
        page.get_by_role("link", name="Edit retry").click()
        page.get_by_label("Name", exact=True).fill("Retry uploads that can be repeated")
        page.get_by_label("docs").check()
        page.get_by_role("button", name="Keep").click()
        expect(page.get_by_role("status").first).to_contain_text("retry is changed")
        expect(page).not_to_have_url(re.compile("notice"))
        page.get_by_role("checkbox", name=re.compile("^proof")).uncheck()
        page.get_by_role("button", name="Approve 3 of 4 subtasks").click()
        expect(page.get_by_role("status").first).to_contain_text("T-1 now waits for T-2")
        page.get_by_role("link", name=re.compile("^T-3")).first.click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    names = [task.name for task in project.tasks().children("T-1")]
    assert sorted(names) == [
        "Describe the retry settings", "Measure the upload client's failures", "Retry uploads that can be repeated",
    ]  # fmt: skip
    record = json.loads((root / ".todo2" / "state.todo2.json").read_text())
    retry = next(task for task in record["todos"] if task["name"].startswith("Retry uploads"))
    assert len(retry["dependencies"]) == 2


def test_a_change_is_applied_by_hunks_and_taken_out_again(browser: Browser, proposed: Proposed) -> None:
    complete(proposed)
    with browsers.command(proposed.root) as url, browsers.person(browser, url) as page:
        page.goto(f"{url.partition('?')[0]}changes/R-1")
        for name in ("Hunk 1 of 2 of a.py", "Hunk 1 of 1 of old.txt", "Hunk 1 of 1 of new/deep/c.py"):
            page.get_by_role("checkbox", name=name).uncheck()
        page.get_by_role("button", name="Apply 1 of 4 hunks").click()
        expect(page.get_by_role("status").first).to_contain_text("1 of 4 hunks of R-1 is in your files now")
        assert proposed.read("a.py") == FILES["a.py"].replace(b"line 30\n", b"LINE 30\n")
        assert proposed.read("old.txt") == FILES["old.txt"]
        page.get_by_role("button", name="Take it out again").click()
        expect(page.get_by_role("status").first).to_contain_text("R-1 is taken out again")
        assert proposed.read("a.py") == FILES["a.py"]


def test_an_open_page_says_that_somebody_else_decided_and_keeps_what_was_written(
    browser: Browser, proposed: Proposed
) -> None:
    complete(proposed)
    with browsers.command(proposed.root) as url, browsers.person(browser, url) as page:
        page.goto(f"{url.partition('?')[0]}changes/R-1")
        page.get_by_label("What has to be different, or why not").fill("Too loud.")
        apart(lambda: prentice.open(proposed.root, actor="person").reject_change("R-1"))
        expect(page.get_by_text("R-1 was rejected meanwhile, by: person.")).to_be_visible(timeout=SECONDS * 1000)
        expect(page.get_by_label("What has to be different, or why not")).to_have_value("Too loud.")
        page.get_by_role("link", name="Look at it as it is now").click()
        expect(page.get_by_text("meanwhile")).to_have_count(0)


def test_without_a_mark_the_buttons_wait(browser: Browser, proposed: Proposed) -> None:
    complete(proposed)
    with browsers.command(proposed.root) as url, browsers.person(browser, url) as page:
        page.goto(f"{url.partition('?')[0]}changes/R-1")
        for box in page.get_by_role("checkbox", name=re.compile("^Hunk")).all():
            box.uncheck()
        expect(page.get_by_role("button", name="Apply 0 of 4 hunks")).to_be_disabled()


def test_open_questions_are_answered_and_the_text_is_written_to_the_task(browser: Browser, tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    project = prentice.open(root, backend="builtin", actor="person")
    project.init()
    project.add("Make the list of uploads faster")
    apart(lambda: project.optimize("T-1"))
    with browsers.command(root, "--backend", "builtin") as url, browsers.person(browser, url) as page:
        page.get_by_role("link", name=re.compile("Question R-1")).click()
        page.get_by_label(re.compile("how much is “faster”")).fill("90 ms instead of 900")
        page.get_by_role("button", name="Go on with these answers").click()
        expect(page.get_by_role("status").first).to_contain_text("R-2 goes on with your answers")
        page.get_by_role("button", name="Write it to T-1").click(timeout=SECONDS * 1000)
        expect(page.get_by_role("heading", level=1)).to_contain_text("Make the list of uploads faster")
        expect(page.get_by_text("90 ms instead of 900").first).to_be_visible()
    assert "90 ms instead of 900" in project.task("T-1").description


@pytest.mark.usefixtures("sandbox")
def test_requested_changes_are_tried_again_while_one_looks_on(browser: Browser, tmp_path: Path) -> None:
    place: Bench = bench(tmp_path)
    task = place.task()
    before = answer(Format.WHOLE, new=CALC.replace("a - b", "b + a"))
    replies = place.beside / "replies.jsonl"
    backend = plans.script(replies, before)
    [document] = apart(lambda: place.with_backend(backend).execute([task]))
    assert document["state"] == "proposed"
    plans.script(replies, {"text": answer(Format.WHOLE), "delay": 1.0})  # the next attempt asks the same backend
    settings = {
        "PRENTICE_CHECKS_COMMANDS": TESTING, "PRENTICE_CHECKS_READABLE": ",".join(READABLE),
        "PRENTICE_EXECUTE_SAMPLES": "1",
    }  # fmt: skip
    with (
        browsers.command(place.root, environment=settings) as url,
        browsers.person(browser, url) as page,
    ):
        page.goto(f"{url.partition('?')[0]}changes/R-1")
        page.get_by_label("What has to be different, or why not").fill("Keep the order: a + b.")
        page.get_by_role("button", name="Request changes").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(TASK.replace("`", ""))
        expect(page.get_by_text("What has to be different: Keep the order: a + b.")).to_be_visible()
        page.get_by_role("link", name="The change", exact=True).click(timeout=SECONDS * 1000)
        expect(page.get_by_text("another attempt after R-1")).to_be_visible()
        page.get_by_role("button", name="Apply to my files").click()
        expect(page.get_by_role("status").first).to_contain_text("R-2 is in your files now")
    assert (place.root / "calc.py").read_text() == MENDED
    assert place.opened().task(task).status == "Review"


def test_a_run_that_goes_on_is_shown_as_it_goes(browser: Browser, proposed: Proposed) -> None:
    database = Database(proposed.root / ".prentice" / "ledger.db", LEDGER)
    arguments = {"task": "T-1", "text": "", "context_text": "", "min_subtasks": 3, "max_subtasks": 8}
    RunsTable(database).submit(Submission(kind="breakdown", arguments=arguments))
    with browsers.command(proposed.root) as url, browsers.person(browser, url) as page:
        expect(page.get_by_text("waits for its turn")).to_be_visible()
        page.get_by_role("link", name=re.compile("R-1 Plan")).focus()
        leases = Leases(database=database, seconds=600.0)
        claim = leases.claim("somebody", kinds=["breakdown"])
        assert claim is not None
        leases.begin_step(claim, "breakdown.ask", 1)
        leases.renew(claim, progress={"doing": "writing", "pieces": 41})
        expect(page.get_by_text("the model is writing, 41 tokens")).to_be_visible()
        expect(page.get_by_role("link", name=re.compile("R-1 Plan"))).to_be_focused()  # though it was replaced
        page.keyboard.press("Enter")
        expect(page.get_by_text("breakdown.ask", exact=True)).to_be_visible()
        page.get_by_text("Everything that happened").click()
        leases.renew(claim, progress={"doing": "writing", "pieces": 77})
        expect(page.get_by_text("the model is writing, 77 tokens")).to_be_visible()
        expect(page.get_by_text("begins breakdown.ask")).to_be_visible()  # it stays unfolded
        leases.keep_step(claim, "breakdown.ask", 1, {})
        RunsTable(database).cancel("R-1")
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("is to end")).to_be_visible()


def test_everything_is_reached_by_keys_alone(browser: Browser, proposed: Proposed) -> None:
    complete(proposed)
    complete(proposed)
    with browsers.command(proposed.root) as url, browsers.person(browser, url) as page:
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("k")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/changes/R-2"))
        expect(page.get_by_role("button", name="Keys ?")).to_be_visible()  # the script has begun
        page.keyboard.press("j")
        expect(page.get_by_role("checkbox", name="Hunk 1 of 2 of a.py")).to_be_focused()
        page.keyboard.press("x")
        expect(page.get_by_role("checkbox", name="Hunk 1 of 2 of a.py")).not_to_be_checked()
        page.keyboard.press("r")
        page.keyboard.type("jkxa? are letters here")
        expect(page.get_by_label("What has to be different, or why not")).to_have_value("jkxa? are letters here")
        page.keyboard.press("Tab")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("a")
        expect(page.get_by_role("button", name="Apply 3 of 4 hunks")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_contain_text("3 of 4 hunks of R-2 are in your files now")
        expect(page.get_by_role("button", name="Keys ?")).to_be_visible()
        page.keyboard.press("?")
        page.get_by_label("Turn the single keys off in this browser").check()
        page.keyboard.press("Escape")
        page.reload()
        expect(page.get_by_role("button", name="Keys ?")).to_be_visible()
        page.keyboard.press("a")
        expect(page.get_by_role("button", name="Take it out again")).not_to_be_focused()
    assert proposed.read("old.txt") is None


def test_without_javascript_everything_that_decides_works(browser: Browser, proposed: Proposed) -> None:
    complete(proposed)
    with (
        browsers.command(proposed.root) as url,
        browsers.person(browser, url, java_script_enabled=False) as page,
    ):
        page.get_by_role("link", name=re.compile("Change R-1")).click()
        page.get_by_role("checkbox", name="Hunk 2 of 2 of a.py").uncheck()
        page.get_by_role("button", name="Apply what is marked").click()
        expect(page.get_by_role("status").first).to_contain_text("3 of 4 hunks of R-1 are in your files now")
        page.get_by_role("button", name="Take it out again").click()
        page.get_by_label("What has to be different, or why not").fill("Louder")
        page.get_by_role("button", name="Reject").click()
        expect(page.get_by_text("Louder")).to_be_visible()
        page.get_by_role("link", name="T-1").click()
        page.get_by_role("button", name="Move to In Progress").or_(
            page.get_by_role("button", name="Move to Review")
        ).first.click()
        expect(page.get_by_role("status").first).to_contain_text("T-1 is")
    assert proposed.read("a.py") == FILES["a.py"]


def test_when_the_server_ends_the_page_says_so(browser: Browser, proposed: Proposed) -> None:
    context = browser.new_context()
    page = context.new_page()
    with browsers.command(proposed.root) as url:
        page.goto(url)
    expect(page.get_by_text("does not answer any more")).to_be_visible(timeout=SECONDS * 1000)
    context.close()


CHECKS = (Path(__file__).parent / "reading.js").read_text(encoding="utf-8")


def pages_of(project: Proposed) -> list[str]:
    """Make one of each kind of page, and give their addresses."""
    finding = {
        "file": "a.py",
        "line": 3,
        "severity": "high",
        "quote": "line 2",
        "says": "No",
        "suggestion": "Yes",
        "source": "x",
    }
    complete(project)
    complete(project, None, findings=[finding])
    opened = prentice.open(project.root, backend="builtin", actor="person")
    opened.add("Add retries to the upload client", description="🎯 **Objective:** More uploads", depends=["T-1"])
    plan = apart(lambda: opened.breakdown("T-2"))
    (project.root / "todo.md").write_text("- [ ] Write the changelog\n- [ ] Shout\n")
    found = opened.import_tasks(project.root / "todo.md")
    key = plan.subtasks[0].key
    return ["/", "/tasks", "/tasks/T-1", "/tasks/T-2", "/changes/R-1", "/changes/R-2", f"/plans/{plan.id}",
            f"/plans/{plan.id}/subtasks/{key}", f"/imports/{found.id}", "/runs", "/runs/R-3", "/runs/R-1", "/nothing",
            "/changes/R-9"]  # fmt: skip


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360)])
def test_every_page_can_be_read_by_everybody(browser: Browser, proposed: Proposed, scheme: str, width: int) -> None:
    """Names, labels, headings in order, WCAG AA's contrast of 4.5 for every text, nothing wider than the screen."""
    addresses = pages_of(proposed)
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    with browsers.command(proposed.root) as url, browsers.person(browser, url, **options) as page:
        found = {path: checked(page, url, path) for path in addresses}
    assert not {path: problems for path, problems in found.items() if problems}


def checked(page: Page, url: str, path: str) -> list[str]:
    page.goto(url.partition("/?")[0] + path)
    problems: list[str] = page.evaluate(CHECKS)
    return problems


def test_a_list_that_grows_and_shrinks_keeps_the_readers_place(browser: Browser, proposed: Proposed) -> None:
    first, second = complete(proposed), complete(proposed)
    with browsers.command(proposed.root) as url, browsers.person(browser, url) as page:
        link = page.get_by_role("link", name=re.compile(f"Change {second}"))
        link.focus()
        third = complete(proposed)
        expect(page.get_by_role("link", name=re.compile(f"Change {third}"))).to_be_visible()
        expect(link).to_be_focused()
        proposed.reviewing().reject(first, reason="No")
        expect(page.get_by_role("link", name=re.compile(f"Change {first}"))).to_have_count(0)
        expect(link).to_be_focused()
        for run in (second, third):
            proposed.reviewing().reject(run, reason="No")
        expect(page.get_by_text("Nothing waits for a decision.")).to_be_visible()
        expect(page.get_by_role("link", name=re.compile("^Change"))).to_have_count(0)
