"""Plans and scripts for the tests of breakdown."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def subtask(key: str, name: str, **changes: Any) -> dict[str, Any]:
    return {
        "key": key,
        "name": name,
        "description": f"{name}, so that the rest can follow.",
        "acceptance_criteria": [f"{name} is visible", "The tests pass", "A reviewer agrees"],
        "complexity": "medium",
        "category": "feature",
        "dependencies": [],
        **changes,
    }


def good_plan() -> list[dict[str, Any]]:
    return [
        subtask("measure", "Measure the upload client's failures", complexity="simple", category="other"),
        subtask("retry", "Retry idempotent uploads with back-off", dependencies=["measure"]),
        subtask("docs", "Describe the retry settings", category="documentation", complexity="simple"),
        subtask("proof", "Prove recovery against a flaky server", dependencies=["retry"], category="test_generation"),
    ]


def reply(subtasks: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"subtasks": list(subtasks)})


def script(path: Path, *lines: Mapping[str, Any] | str) -> str:
    """Write a script of replies and give the backend's name for it."""
    entries = [{"text": line} if isinstance(line, str) else dict(line) for line in lines]
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    return f"scripted:{path}"
