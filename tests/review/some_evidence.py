"""Evidence as tests need it, and everything that hypothesis may make of it."""

from hypothesis import strategies as st

from prentice.review.evidence import CheckFact, Evidence

DECISIVE = CheckFact(name="test", trusted=True, decisive=True)
GOOD = Evidence(
    rung="model", model="coder", category="bug_fix", samples=5, agreement=5, checks=(DECISIVE,), lines_changed=3,
    format="symbol",
)  # fmt: skip

CHECKS = st.builds(
    CheckFact,
    name=st.sampled_from(("test", "lint")),
    trusted=st.booleans(),
    decisive=st.booleans(),
    new_failures=st.integers(0, 3),
    mended=st.integers(0, 2),
    still_fails=st.booleans(),
)
EVIDENCE = st.builds(
    Evidence,
    rung=st.sampled_from(("tool", "model", "larger_model")),
    model=st.sampled_from(("coder", "chat")),
    category=st.sampled_from(("bug_fix", "documentation")),
    samples=st.integers(1, 9),
    agreement=st.integers(1, 9),
    level=st.sampled_from(("exact", "trailing_space", "reindented", "punctuation", "partial_line")),
    checks=st.lists(CHECKS, max_size=3).map(tuple),
    lines_changed=st.integers(0, 60),
    files=st.integers(1, 4),
    protected=st.booleans(),
    tests_edited=st.booleans(),
    retries=st.integers(0, 2),
    format=st.sampled_from(("symbol", "whole_file")),
    claimed=st.none() | st.floats(0, 1),
)
