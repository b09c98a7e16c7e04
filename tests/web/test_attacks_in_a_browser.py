"""Other pages in the browser that the person is in, and texts that would be scripts: a real browser, and no mock."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

import prentice
from skills.execute.proposed import FILES, Proposed
from skills.execute.proposed import project as proposed_project
from web import browsers
from web.completed import complete
from web.test_hostile_texts import EVIL
from workspace.trees import change_of


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.browser() as started:
        yield started


@pytest.fixture
def proposed(tmp_path: Path) -> Proposed:
    return proposed_project(tmp_path / "project")


@contextmanager
def another_page(body: str) -> Iterator[str]:
    """Serve a page on another port of this machine, which browsers take for the same site, and give its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *arguments: object) -> None:
            del arguments

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def entered(browser: Browser, url: str) -> Iterator[BrowserContext]:
    """Give a browser whose person has opened the review page."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    expect(page.get_by_role("heading", name="What waits for you")).to_be_visible()
    yield context
    context.close()


def test_a_form_that_another_page_sends_decides_nothing(browser: Browser, proposed: Proposed) -> None:
    run = complete(proposed)
    with browsers.command(proposed.root) as url, entered(browser, url) as context:
        target = f"{url.partition('/?')[0]}/changes/{run}/apply"
        form = (
            f'<form id="f" method="post" action="{target}"><input name="do" value="apply"><input name="seen" value="0">'
            f'<input name="hunk" value="0"></form><script>f.submit()</script>'
        )
        with another_page(form) as elsewhere:
            page = context.new_page()
            page.goto(elsewhere)
            expect(page.get_by_text("This request came from another page.")).to_be_visible()
        assert page.url == target
    assert proposed.read("a.py") == FILES["a.py"]
    assert proposed.executions.decisions(run) == []


def test_a_script_of_another_page_reads_nothing_and_decides_nothing(browser: Browser, proposed: Proposed) -> None:
    run = complete(proposed)
    with browsers.command(proposed.root) as url, entered(browser, url) as context, another_page("<p>x") as elsewhere:
        page = context.new_page()
        page.goto(elsewhere)
        base = url.partition("/?")[0]
        script = """async ([path, options]) => {
            try { const answer = await fetch(path, options); return answer.type + (await answer.text()); }
            catch { return "refused"; }
        }"""
        assert page.evaluate(script, [f"{base}/changes/{run}", {"credentials": "include"}]) == "refused"
        body = {"method": "POST", "body": "do=apply&seen=0&hunk=0", "credentials": "include", "mode": "no-cors",
                "headers": {"content-type": "application/x-www-form-urlencoded"}}  # fmt: skip
        assert page.evaluate(script, [f"{base}/changes/{run}/apply", body]) in {"opaque", "refused"}
        for tag in ("script", "img", "link"):
            how = {"script": "src", "img": "src", "link": "href"}[tag]
            loads = f"""() => new Promise((done) => {{
                const one = document.createElement("{tag}");
                one.onload = () => done("loaded"); one.onerror = () => done("refused");
                one.rel = "stylesheet"; one.{how} = "{base}/assets/page.{"css" if tag == "link" else "js"}";
                document.body.append(one);
            }})"""
            assert page.evaluate(loads) == "refused"
    assert proposed.executions.decisions(run) == []


def test_another_page_cannot_frame_the_review_page(browser: Browser, proposed: Proposed) -> None:
    with browsers.command(proposed.root) as url, entered(browser, url) as context:
        base = url.partition("/?")[0]
        with another_page(f'<iframe src="{base}/"></iframe>') as elsewhere:
            page = context.new_page()
            page.goto(elsewhere)
            page.wait_for_load_state()
            assert "What waits for you" not in "".join(frame.content() for frame in page.frames)


def test_texts_that_would_be_scripts_do_nothing(browser: Browser, tmp_path: Path) -> None:
    proposed = proposed_project(tmp_path / "project")
    text = EVIL.replace("\x00", "")
    change = change_of({"a.py": (FILES["a.py"], f"{text}\n".encode())})
    run = complete(proposed, change, name=text, explanation=text, why=text, task=text)
    project = prentice.open(proposed.root)
    project.add("".join(letter for letter in text if letter.isprintable()), description=text)
    with (
        browsers.command(proposed.root) as url,
        browsers.person(browser, url) as page,
    ):
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        base = url.partition("/?")[0]
        for path in ("/", "/tasks", "/tasks/T-2", f"/changes/{run}"):
            page.goto(base + path)
            expect(page.get_by_text("alert(1)").first).to_be_attached()
            assert page.evaluate("document.scripts.length") == 1
        assert dialogs == []


def test_a_script_that_got_into_a_page_all_the_same_would_not_run(browser: Browser, proposed: Proposed) -> None:
    with browsers.command(proposed.root) as url, entered(browser, url) as context:
        page = context.pages[0]
        ways = """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = 'inline'";
            document.body.append(script);
            const button = document.createElement("button");
            button.setAttribute("onclick", "window.ran = 'handler'");
            document.body.append(button);
            button.click();
            return new Promise((done) => setTimeout(() => done(window.ran ?? "nothing"), 100));
        }"""
        assert page.evaluate(ways) == "nothing"
