"""The files of an import: found below what the user names, read within limits, no link followed."""

import codecs
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prentice.errors import ImportSourceError
from prentice.tasks.imports.formats import recognize
from prentice.tasks.imports.item import Document, Format

MAX_FILE_MB: Final = 20
"""Megabytes (10^6 bytes) of one file; Task Master's file of 10,000 tasks has 10 (measured with 0.43.1)."""
MAX_TOTAL_MB: Final = 50
MAX_FILES: Final = 20_000
_TASK_MASTER_PLACES: Final = (".taskmaster/tasks/tasks.json", "tasks/tasks.json", "tasks.json")
_BACKLOG_PLACES: Final = ("backlog", ".backlog", "")
_BACKLOG_FOLDERS: Final = ("tasks", "drafts", "completed", "milestones", "archive/tasks", "archive/drafts")
_BACKLOG_SETTINGS: Final = ("config.yml", "backlog.config.yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is imported: its format, its texts, and what a person should know of how they were read."""

    kind: Format
    documents: tuple[Document, ...]
    warnings: tuple[str, ...] = ()


def open_source(path: Path, *, kind: Format | None = None) -> Source:
    """Read a file, or the files of a tool below a directory, in the format named or the one they are in.

    Raises:
        ImportSourceError: there is nothing to import, or it cannot be read within the limits.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise ImportSourceError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.",
            next_step="Give the file or directory of the other tool.",
        ) from error
    if stat.S_ISDIR(mode):
        try:
            return _directory(path, kind=kind)
        except OSError as error:
            raise _unreadable(Path(error.filename or path), error) from error
    text = _text(path)
    try:
        found = kind or recognize(text)
    except ImportSourceError as error:
        raise _named(error, path) from error
    return Source(kind=found, documents=(Document(path=path.name, text=text),))


def _directory(path: Path, *, kind: Format | None) -> Source:
    links: list[str] = []
    tasks_file = next((path / place for place in _TASK_MASTER_PLACES if _is_file(path, place, links)), None)
    backlog = next((path / place for place in _BACKLOG_PLACES if _is_backlog(path / place, path, links)), None)
    if backlog and tasks_file and kind is None:
        raise ImportSourceError(
            f"{path} holds tasks of Task Master and of Backlog.md.",
            next_step="Choose with `--from task-master` or `--from backlog`.",
        )
    warnings = [f"{link} is a link and was not followed." for link in dict.fromkeys(links)]
    if tasks_file and kind in {None, "task-master"}:
        document = Document(path=tasks_file.name, text=_text(tasks_file))
        return Source(kind="task-master", documents=(document,), warnings=tuple(warnings))
    if backlog and kind in {None, "backlog"}:
        documents = tuple(_backlog(backlog, path, warnings))
        return Source(kind="backlog", documents=documents, warnings=tuple(warnings))
    raise ImportSourceError(
        f"{path} holds no tasks of {_sought(kind)}." + (f" {' '.join(warnings)}" if warnings else ""),
        next_step="Give the directory that holds `.taskmaster` or `backlog`, or the file itself.",
    )


def _sought(kind: Format | None) -> str:
    if kind in {"checklist", "github"}:
        return "that format that a directory can hold"
    return {"task-master": "Task Master", "backlog": "Backlog.md"}.get(kind or "", "Task Master or Backlog.md")


def _is_file(root: Path, place: str, links: list[str]) -> bool:
    return _is_inside(root, place, links) and (root / place).is_file()


def _is_backlog(directory: Path, root: Path, links: list[str]) -> bool:
    """Whether this is Backlog.md's own folder: it has one for tasks or drafts, and its settings or task files."""
    place = directory.relative_to(root).as_posix()
    if not _is_inside(root, place, links):
        return False
    folders = [name for name in _BACKLOG_FOLDERS if (directory / name).is_dir()]
    return bool(folders) and (
        any((directory / name).is_file() for name in _BACKLOG_SETTINGS)
        or any(entry.suffix == ".md" for name in folders for entry in (directory / name).iterdir())
    )


def _is_inside(root: Path, place: str, links: list[str]) -> bool:
    """Whether no part of the way from the root to a place is a link."""
    here = root
    for part in Path(place).parts:
        here /= part
        if here.is_symlink():
            links.append(here.relative_to(root).as_posix())
            return False
    return True


def _backlog(directory: Path, root: Path, warnings: list[str]) -> Iterator[Document]:
    total = count = 0
    for path in _files(directory, warnings):
        count += 1
        if count > MAX_FILES:
            raise ImportSourceError(
                f"{root} holds more than {MAX_FILES:,} files.", next_step="Move finished tasks elsewhere first."
            )
        place = path.relative_to(directory).as_posix()
        try:
            text = _text(path)
        except ImportSourceError as error:
            warnings.append(f"{place} was left out: {error.message}")
            continue
        total += len(text)
        if total > MAX_TOTAL_MB * 1_000_000:
            raise ImportSourceError(
                f"The files in {root} have more than {MAX_TOTAL_MB} MB in all.",
                next_step="Move finished tasks elsewhere first.",
            )
        yield Document(path=place, text=text)


def _files(directory: Path, warnings: list[str]) -> Iterator[Path]:
    """Give the settings and the Markdown files of the known folders, in order; links are named and left out."""
    for name in _BACKLOG_SETTINGS:
        if (directory / name).is_file() and not (directory / name).is_symlink():
            yield directory / name
    for folder in _BACKLOG_FOLDERS:
        links: list[str] = []
        if _is_inside(directory, folder, links) and (directory / folder).is_dir():
            for entry in sorted(os.scandir(directory / folder), key=lambda entry: entry.name):
                if not entry.name.endswith(".md"):
                    continue
                if entry.is_symlink():
                    links.append(f"{folder}/{entry.name}")
                else:
                    yield Path(entry.path)
        warnings += [f"{link} is a link and was not followed." for link in links]


def _text(path: Path) -> str:
    """Read a text file of bounded size.

    Raises:
        ImportSourceError: it is no regular file, too large, cannot be read, or is not UTF-8.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would keep the reader waiting
            raise ImportSourceError(f"{path} is not a file.", next_step="Save it as a file first.")
        with path.open("rb") as file:
            data = file.read(MAX_FILE_MB * 1_000_000 + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(data) > MAX_FILE_MB * 1_000_000:
        size = max(status.st_size, len(data)) / 1e6
        raise ImportSourceError(
            f"{path} has {size:.0f} MB; at most {MAX_FILE_MB} MB are read.", next_step="Split it, and import the parts."
        )
    return _decoded(data, path)


def _decoded(data: bytes, path: Path) -> str:
    """Read UTF-8, and UTF-16 where its mark says so: shells of Windows redirect into that."""
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ImportSourceError(
            f"{path} is not UTF-8 (byte {error.start}).", next_step="Save it as UTF-8, then import it again."
        ) from error


def _unreadable(path: Path, error: OSError) -> ImportSourceError:
    return ImportSourceError(
        f"{path} cannot be read: {error.strerror or error}.", next_step="Mend its permissions, or copy it."
    )


def _named(error: ImportSourceError, path: Path) -> ImportSourceError:
    """Say which file a sentence about `This` is about."""
    return ImportSourceError(f"{path}: {error.message}", next_step=error.next_step, details=error.details)
