"""Parts of pages that the script asks for again and again, answered in full only when they changed."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from starlette.responses import Response

from prentice.library import Prentice
from prentice.web.visit import Visit

_SETTLED_SECONDS: Final = 0.1
"""A file that was written later than this may be written again without a trace: clocks of files tick slowly."""


def live_part(visit: Visit, html: Callable[[], str]) -> Response:
    """Answer with a part of a page, or with 304 where the browser shows just that.

    The part is not even made where no file has changed on which it rests.
    """
    files = _files_as_they_are(visit.project)
    known_files, _, known_part = visit.request.headers.get("if-none-match", "").strip('"').partition("-")
    if files and files == known_files:
        return Response(status_code=304)
    made = html()
    part = _digest(made)
    headers = {"etag": f'"{files}-{part}"'}
    if part == known_part:
        return Response(status_code=304, headers=headers)
    return Response(made, media_type="text/html", headers=headers)


def _files_as_they_are(project: Prentice) -> str:
    """Give a text that changes with the task list and the ledger, empty where that cannot be told."""
    if project.project is None:
        return ""
    paths = (project.project.todo2_path, project.project.ledger_path, _log_of(project.project.ledger_path))
    states = [(path.stat().st_mtime, path.stat().st_size) for path in paths if path.exists()]
    is_settled = all(written < time.time() - _SETTLED_SECONDS for written, _ in states)
    return _digest(repr(states)) if is_settled else ""


def _log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
