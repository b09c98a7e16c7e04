"""Tests that were weakened: changed, removed or skipped."""

import re
from collections.abc import Iterator
from typing import Final

from prentice.changes.guards.objection import Objection, Policy, Verdict, View

_PLACES: Final = frozenset({"test", "tests", "__tests__", "spec", "specs", "testing", "e2e"})
_NAMES: Final = re.compile(
    r"test_.*|.*_tests?\.\w+|.*[._-](?:test|spec)s?\.\w+|.*(?:Tests?|IT|Spec)\.(?:java|kt|cs|scala|swift)|"
    r"Test[A-Z]\w*\.(?:java|kt|cs)|tests?\.(?:py|rs)|.*\.cy\.\w+|.*_unittest\.\w+"
)
_SKIPS: Final = re.compile(
    r"mark\.(?:skip|xfail)|\bskipif\b|\bskip(?:Test|If|Unless)\b|pytest\.(?:skip|xfail)\(|unittest\.skip|expectedFailure|"
    r"^\s*@skip\(|\bSkipTest\b|__test__ = False|\bcollect_ignore|\bthis\.skip\(\)|"
    r"\b(?:it|test|describe|context|suite)(?:\.(?:concurrent|sequential|each\(.{0,80}\)))*"
    r"\.(?:skip|todo|only|fixme|fails|runIf)\b|\bx(?:it|test|describe)\(|\bf(?:it|describe)\(|"
    r"\btb?\.Skip|\bb\.Skip(?:Now|f)\(|#\[ignore|@(?:Disabled|Ignore)\b|@DisabledOn|@(?:En|Dis)abledIf|"
    r"@Test\([^)]{0,80}enabled\s*=\s*false|assumeTrue\(false|assumeFalse\(true|"
    r"\[(?:Fact|Theory)\([^)]{0,80}Skip\s*=|^\s*\[Ignore(?:\(.{0,80})?\]\s*$|GTEST_SKIP|DISABLED_|"
    r"\bassert True\b|\bassert 1\b|expect\(true\)\.to|assertTrue\([Tt]rue\)|\bassert!\(true\)"
)
_CHECKS: Final = re.compile(
    r"\bassert|\bexpect\(|\bshould\b|\.to(?:Be|Equal|Have)|\brequire\.|ASSERT_|EXPECT_|t\.(?:Error|Fatal)"
)
_TEST: Final = re.compile(
    r"\s*(?:async )?(?:def|func|fn|void|public void)\s+(?:\([^)]{0,80}\)\s*)?(test\w*|Test\w*)|\s*(?:it|test)\("
)


def is_test_path(path: str) -> bool:
    """Whether a path is a test's by its directory or its name."""
    *places, name = path.split("/")
    return bool(_PLACES & {place.lower() for place in places}) or _NAMES.fullmatch(name) is not None


def weakened_tests(view: View, policy: Policy) -> Iterator[Objection]:
    """Object to skipped tests anywhere, and to changed lines of test files.

    Where the task names the file, a person decides.
    """
    verdict: Verdict = "person" if view.file.old_path in policy.named else "refuse"
    for number, line in view.added:
        if _SKIPS.search(line[:400]) and line not in view.removed:
            yield view.object(
                "test_skipped", verdict, f"The line `{line.strip()[:80]}` skips or hollows out a test.", line=number
            )
    if view.file.before is None or not is_test_path(view.file.old_path):
        return
    if view.file.after is None:
        yield view.object("test_removed", verdict, "A test file is deleted.")
        return
    lost = [line for line in view.removed if _TEST.match(line[:400])]
    kept = {match[1] for _, line in view.added if (match := _TEST.match(line[:400]))}
    if any((match := _TEST.match(line[:400])) and match[1] not in kept for line in lost):
        yield view.object("test_removed", verdict, f"A test is removed: `{lost[0].strip()[:80]}`.")
    checks = sum(bool(_CHECKS.search(line[:400])) for line in view.removed)
    if checks > sum(bool(_CHECKS.search(line[:400])) for _, line in view.added):
        yield view.object("test_weakened", verdict, "A test file loses checks.")
    elif any(line.strip() for line in view.removed):
        yield view.object("test_edited", "person", "Lines of an existing test are changed.")
