"""What a model would answer to the cases of edits, as `edit_answers.toml` has it: rightly, and wrongly for a reason."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from prentice.changes.change import Change, FileChange
from prentice.changes.express import express
from prentice.changes.files import File
from prentice.changes.formats import Format
from prentice.changes.markers import Markers
from prentice.evals.case import Case

Swap = Mapping[str, str]
"""A `path`, the `old` text that stands there once, and the `new` one; an empty old text writes the whole file."""


@cache
def edit_answers() -> Mapping[str, Mapping[str, Any]]:
    """Give the answers by the case's id: `right` and `wrong` are swaps, `says` stands in the reason for the latter."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return {row["id"]: row for row in tomllib.loads(text)["answer"]}


def written(case: Case, swaps: Sequence[Swap]) -> str:
    """Give an answer as a model would write it, which is read in whatever format it was asked for."""
    after = dict(case.files)
    for swap in swaps:
        path, old, new = swap["path"], swap["old"], swap["new"]
        assert not old or after[path].count(old) == 1, (case.name, old)
        after[path] = after[path].replace(old, new) if old else new
    files = tuple(
        FileChange(
            path=path, old_path=path, before=File(content=case.files[path].encode()), after=File(content=text.encode())
        )
        for path, text in after.items()
        if text != case.files[path]
    )  # fmt: skip
    answer = express(Change(files=files), format_=Format.SEARCH_REPLACE, markers=Markers())
    assert answer is not None, case.name
    return f"As the task asks.\n\n{answer}\n"
