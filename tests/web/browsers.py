"""The command itself, served to a real browser: Debian's Chromium, driven by playwright."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from components import skip_unless_ci

_QUIET = (
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-default-apps", "--no-proxy-server", "--disable-dev-shm-usage",
)  # fmt: skip

_PATIENCE = 30_000
"""Milliseconds: a page looks for news every three seconds, on a machine that may be busy."""


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Start the system's Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        skip_unless_ci("There is no Chromium on this machine.")
    expect.set_options(timeout=_PATIENCE)
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program, args=[*_QUIET, *(["--no-sandbox"] if is_root else [])]
        )
        try:
            yield started
        finally:
            started.close()


@contextlib.contextmanager
def command(root: Path, *options: str, environment: dict[str, str] | None = None) -> Iterator[str]:
    """Run `prentice web` in a directory and give the address that it prints; in the end it is interrupted."""
    arguments = [sys.executable, "-m", "prentice", "web", "--json", "--no-open", *options]
    process = subprocess.Popen(
        arguments, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip
    assert process.stdout
    assert process.stderr
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield json.loads(line)["url"]
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 130, (out, err)
        assert "Traceback" not in err


@contextlib.contextmanager
def person(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """Open the printed address in a browser of its own; whatever the page's console says is a failure."""
    context: BrowserContext = browser.new_context(**options)
    context.set_default_timeout(_PATIENCE)
    said: list[str] = []
    asked: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    yield page
    context.close()
    origin = url.partition("/?")[0]
    assert not [sentence for sentence in said if "status of 4" not in sentence]
    assert all(address.startswith(f"{origin}/") for address in asked)
