"""Which paths an edit may name: inside the project, the same file on every system, never git's own files."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import Final

from prentice.changes.files import Snapshot

_OWN: Final = {".git", ".todo2", ".prentice"}
_DEVICES: Final = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?\Z")
MAX_PATH: Final = 1024
MAX_NAME: Final = 255


def path_problem(path: str) -> str | None:  # noqa: PLR0911 - one return for each problem
    """Say what is wrong with a path as it is written, None if nothing is."""
    if not path or path in {".", "/"}:
        return "The edit names no file."
    if len(path.encode("utf-8", "replace")) > MAX_PATH:
        return f"The path is longer than {MAX_PATH} bytes."
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for letter in path):
        return "The path has control or invisible characters."
    if path.startswith(("/", "~", "\\")) or re.match(r"[A-Za-z]:", path):
        return "The path has to be relative to the project."
    if "\\" in path:
        return "A path is written with `/`."
    if set('<>:"|?*') & set(path):
        return "The path has characters that some systems do not allow in names."
    return next((problem for name in path.split("/") if (problem := _name_problem(name))), None)


def _name_problem(name: str) -> str | None:
    if name in {"", ".", ".."}:
        return "The path has to be written without `.`, `..` and empty parts."
    if len(name.encode("utf-8", "replace")) > MAX_NAME:
        return f"A name in the path is longer than {MAX_NAME} bytes."
    if name != name.strip() or name.endswith("."):
        return "A name in the path begins or ends with a space, or ends with a dot."
    if _DEVICES.match(name):
        return "A name in the path is a device's on Windows."
    if folded(name) in _OWN or re.match(r"git~\d", folded(name)):
        return "Files of git, Todo2 and Prentice itself are never edited."
    return None


def folded(path: str) -> str:
    """Give a path as file systems compare it that ignore case and the spelling of accents."""
    return unicodedata.normalize("NFKC", path).casefold()


def place_problem(path: str, snapshot: Snapshot) -> str | None:
    """Say what stands in the way of reading or writing a path: links and submodules are never followed."""
    parts = path.split("/")
    for count in range(1, len(parts)):
        above = snapshot.read("/".join(parts[:count]))
        if above is not None:
            kind = "a file" if above.is_regular else "a link or a submodule"
            return f"`{'/'.join(parts[:count])}` is {kind}, so nothing stands below it."
    file = snapshot.read(path)
    if file is not None and not file.is_regular:
        return "The path is a link or a submodule."
    return None


def new_path_problem(path: str, *, taken: Collection[str], directories: Collection[str]) -> str | None:
    """Say why no file can be made here. Both collections hold `folded` paths."""
    if folded(path) in taken:
        return "There is a file of this name already, or one that differs only in case."
    if folded(path) in directories:
        return "There is a directory of this name."
    return None


def directories_of(paths: Iterable[str]) -> set[str]:
    """Give every directory that a path stands in; of 100,000 files most share theirs."""
    found: set[str] = set()
    for path in paths:
        above = path.rpartition("/")[0]
        while above and above not in found:
            found.add(above)
            above = above.rpartition("/")[0]
    return found


def fitting(path: str, paths: Iterable[str]) -> list[str]:
    """Give the files that a wrong path may mean: the same names at the end of either path."""
    name = path.removeprefix("./").strip("/")
    return [other for other in paths if other.endswith("/" + name) or name.endswith("/" + other)] if name else []
