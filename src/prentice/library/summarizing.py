"""Summaries of tasks, diffs and files."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from prentice.errors import TextError
from prentice.library.finishing import finished
from prentice.library.models import Models

if TYPE_CHECKING:
    from prentice.skills.summarize import Summary


class Summarizing(Models):
    """Texts in a few sentences."""

    def summarize(self, task: str = "", *, path: str | Path = "", text: str = "") -> "Summary":
        """Summarize a task (by id or as free text), a file or a diff at a path, or a text; one of them is given.

        Raises:
            TextError: there is nothing to summarize, or it cannot be.
            TaskNotFoundError: there is no such task.
            BackendError, ReplyError: the backend that was named failed.
        """
        return finished(lambda: self.summarize_async(task, path=path, text=text), method="summarize")

    async def summarize_async(self, task: str = "", *, path: str | Path = "", text: str = "") -> "Summary":
        """Do `summarize` on the running event loop."""
        import asyncio

        from prentice.skills.services import Services
        from prentice.skills.summarize import kind_of, summarize

        kind: Literal["task", "diff", "file"] = "task"
        name = task
        if path:
            name = str(path)
            text = await asyncio.to_thread(_read, Path(path))
            kind = kind_of(text)
        elif task:
            subject = self.subject(task)
            text = f"{subject.name}\n\n{subject.description}".strip()
            name = subject.id or subject.name
        else:
            name, kind = "The text", kind_of(text)
        services = Services(
            directory=self._root,
            settings=self.settings,
            proposals=self._ledgers.proposals(),
            recorder=self._ledgers.calls(self.settings),
            record=self._ledgers.track_record(),
            probes=self._probes(),
        )
        async with services:
            return await summarize(text, kind=kind, name=name, services=services)


def _read(path: Path) -> str:
    from prentice.skills.summarize import MAX_BYTES

    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)  # one byte more than may be, so that too large a file is told
    except OSError as error:
        raise TextError(
            f"{path} cannot be read: {error.strerror or error}.", next_step="Name a file that is there and readable."
        ) from error
    return content.decode("utf-8", "replace")
