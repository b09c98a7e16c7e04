"""Single results out of what a test runner reports: JUnit's XML, JSON of Go, Jest and Vitest, TAP, and plain lines."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from xml.etree import ElementTree as ET


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Names of single results. A name stands in `failures` as often as it failed."""

    failures: tuple[str, ...] = ()
    passes: frozenset[str] = frozenset()
    skips: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to read."""
        return not (self.failures or self.passes or self.skips)


Result: TypeAlias = tuple[str, str]
"""A name, and `ok`, `failed` or `skipped`."""
Reader: TypeAlias = Callable[[bytes], Reading | None]

_UNITTEST: Final = re.compile(
    r"^(\w+) \(([\w.]+)\)(?:\n[^\n]*?)? \.\.\. (?:[^\n]*\n)*?[^\n]*?\b(ok|FAIL|ERROR|skipped|expected failure)\b",
    re.MULTILINE,
)
_UNITTEST_FAILED: Final = re.compile(r"^(?:FAIL|ERROR): (\S+) \(([^)]*)\)", re.MULTILINE)
_CARGO: Final = re.compile(r"^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)\b", re.MULTILINE)
_TAP: Final = re.compile(r"^( *)(not ok|ok)\b *\d* *-? *(.*?)(?: *# *(SKIP|TODO)\b.*)?$", re.IGNORECASE)


def gathered(results: Iterable[Result]) -> Reading:
    """Put results together; what failed once has not passed."""
    failures: list[str] = []
    passes: set[str] = set()
    skips: set[str] = set()
    for name, result in results:
        if result == "failed":
            failures.append(name)
        else:
            (passes if result == "ok" else skips).add(name)
    return Reading(failures=tuple(failures), passes=frozenset(passes - set(failures)), skips=frozenset(skips))


def junit(report: bytes) -> Reading | None:
    """Read JUnit's XML as pytest writes it; None for what is no such document."""
    if b"<!" in report.replace(b"<![CDATA[", b""):  # a document type: nobody who means well writes one here
        return None
    try:
        return gathered(_cases(ET.fromstring(report)))  # noqa: S314 - see above
    except ET.ParseError:
        return None


def _cases(root: ET.Element) -> Iterator[Result]:
    for case in root.iter("testcase"):
        name = "::".join(part for part in (case.get("classname"), case.get("name")) if part)
        kinds = {child.tag for child in case}
        yield name, "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "ok"


def go_json(printed: bytes) -> Reading | None:
    """Read `go test -json`: a line of JSON for each event. A package that does not build fails as a whole."""
    results: dict[str, str] = {}
    tested: set[str] = set()
    for event in _json_lines(printed):
        package, test, action = event.get("Package"), event.get("Test"), event.get("Action")
        if action == "build-fail":
            results[f"{event.get('ImportPath')} (does not build)"] = "failed"
        if not isinstance(package, str) or action not in {"pass", "fail", "skip"}:
            continue
        if isinstance(test, str):
            tested.add(package)
            results[f"{package}.{test}"] = {"pass": "ok", "fail": "failed", "skip": "skipped"}[action]
        elif action == "fail" and package not in tested:
            results[f"{package} (does not build)"] = "failed"
    return gathered(results.items())


def jest_json(report: bytes) -> Reading | None:
    """Read the JSON of Jest, which Vitest writes too; a file that cannot be loaded fails as a whole."""
    try:
        document = json.loads(report)
        results = list(_jest_results(document["testResults"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return gathered(results)


def _jest_results(files: Iterable[dict[str, Any]]) -> Iterator[Result]:
    for file in files:
        name = str(file.get("name", "")).rsplit("/", 1)[-1]
        cases = file.get("assertionResults") or []
        for case in cases:
            status = {"passed": "ok", "failed": "failed"}.get(case.get("status"), "skipped")
            yield f"{name}::{case.get('fullName') or case.get('title')}", status
        if not cases and file.get("status") == "failed":
            yield f"{name} (cannot be loaded)", "failed"


def tap(printed: bytes) -> Reading | None:
    """Read the Test Anything Protocol, with the nesting of Node's; a group is named as its parts are, and left out."""
    if not re.search(rb"^(?:TAP version|1\.\.\d)", printed, re.MULTILINE):
        return None
    results: list[Result] = []
    inner: dict[int, int] = {}
    for line in printed.decode(errors="replace").splitlines():
        if not (match := _TAP.match(line)):
            continue
        depth, state, name, skipped = len(match[1]), match[2].lower(), match[3], match[4]
        has_parts = any(level > depth for level in inner)
        inner = {level: count for level, count in inner.items() if level <= depth}
        inner[depth] = inner.get(depth, 0) + 1
        if not has_parts:
            results.append((name, "skipped" if skipped else "ok" if state == "ok" else "failed"))
    return gathered(results) if results else None


def unittest_lines(printed: bytes) -> Reading | None:
    """Read what `python -m unittest -v` prints."""
    text = printed.decode(errors="replace")
    failed = [
        f"{place}.{name}" if not place.endswith(name) else place for name, place in _UNITTEST_FAILED.findall(text)
    ]
    results: list[Result] = [(name, "failed") for name in failed]
    for name, place, state in _UNITTEST.findall(text):
        whole = f"{place}.{name}" if not place.endswith(name) else place
        if state in {"ok", "skipped", "expected failure"} and whole not in failed:
            results.append((whole, "skipped" if state == "skipped" else "ok"))
    return gathered(results) if re.search(r"^Ran \d+ test", text, re.MULTILINE) else None


def cargo_lines(printed: bytes) -> Reading | None:
    """Read what `cargo test` prints; what does not compile is known by the compiler's messages."""
    text = printed.decode(errors="replace")
    results = [
        (name, {"ok": "ok", "FAILED": "failed", "ignored": "skipped"}[state]) for name, state in _CARGO.findall(text)
    ]
    if re.search(r"^error: could not compile", text, re.MULTILINE):
        results += [(line, "failed") for line in re.findall(r"^error(?:\[E\d+\])?: .*", text, re.MULTILINE)]
    return gathered(results) if results else None


def any_lines(printed: bytes) -> Reading | None:
    """Read what came out of a wrapper such as `make test`, where one of the known runners shows in it."""
    return unittest_lines(printed) or cargo_lines(printed) or tap(printed)


def _json_lines(printed: bytes) -> Iterator[dict[str, Any]]:
    for line in printed.splitlines():
        if line.startswith(b"{"):
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(event, dict):
                yield event
