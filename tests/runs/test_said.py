"""Every event and every standing of a run has its sentence, and those of other versions do not fail."""

import time
from typing import Any

import pytest

from prentice.runs.said import far, happened


def standing(**changed: Any) -> dict[str, Any]:
    given = {"state": "running", "behind": [], "waiting_for": "", "not_before": 0.0, "cancel_wanted": False,
             "progress": None}  # fmt: skip
    return given | changed


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"state": "queued", "behind": ["R-2", "R-3"]}, "after R-2, R-3, which touch the same"),
        ({"state": "waiting", "waiting_for": "approval"}, "waits for approval"),
        ({"state": "queued"}, "waits for its turn"),
        ({"progress": {"doing": "asking", "model": "tiny"}}, "asks tiny"),
        ({"progress": {"doing": "asking", "model": "tiny", "again": True}}, "asks tiny again, with its errors"),
        ({"progress": {"doing": "thinking", "pieces": 7}}, "the model is thinking, 7 tokens"),
        ({"progress": {"doing": "checking", "checks": ["pytest", "ruff"]}}, "runs pytest, ruff"),
        ({"progress": {"doing": "packing"}, "cancel_wanted": True}, "is to end; packing"),
        ({"progress": {"other": "version"}}, ""),
        ({"progress": "other version"}, ""),
        ({"state": "finished", "progress": {"doing": "done"}}, ""),
    ],
)
def test_how_far_a_run_is(changed: dict[str, Any], said: str) -> None:
    assert far(standing(**changed)) == said


def test_a_run_that_is_tried_again_says_when() -> None:
    assert far(standing(state="queued", not_before=time.time() + 30.2)).startswith("tries again in 30")


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("begin", {"name": "ask"}, "begins ask"),
        ("call", {"model": "m", "backend": "b", "reply_tokens": 3, "seconds": 1.25}, "asked m on b: 3 tokens in 1.2 s"),
        ("retry", {"error": {"message": "The server is down."}, "at": 0}, "The server is down. It is tried again."),
        ("offered as a task", {"tool": "mlx"}, "handed to an assistant as a task of mlx"),
        ("call", {"model": "m"}, "asked m on ?: ? tokens in ? s"),
        ("of another version", None, "of another version"),
    ],
)
def test_what_happened_in_a_run(kind: str, data: object, said: str) -> None:
    assert happened(kind, data) == said
