"""Lines of a reply that mean something by themselves: fences, headings that name a file, commands."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

MAX_HEADING: Final = 300
_FENCE: Final = re.compile(r"[ \t]{0,12}(`{3,}|~{3,})([^`]*)\Z")
_PATH: Final = re.compile(r"[^\s`'\"<>|*?:,;(){}\[\]]+\Z")
_QUOTED: Final = re.compile(r"`([^`\s]{1,260})`")
_LABEL: Final = re.compile(
    r"(?i)(?:(?:new |updated |modified )?(?:file ?name|file ?path|file|path|symbol|filename))[ \t]*:[ \t]*"
)
_COMMAND: Final = re.compile(r"(?:\*\*\* )?(?i:delete file):[ \t]*(\S.*)\Z")
_RENAME: Final = re.compile(r"(?:\*\*\* )?(?i:rename file):[ \t]*(\S+)[ \t]+(?:TO|to|->|=>)[ \t]+(\S+)\Z")
_TAG: Final = re.compile(r"[ \t]*</?\w{1,12}>\w{0,12}[ \t]*\Z")
"""What some models write in place of a fence: `<source>python`."""
SHELLS: Final = frozenset(
    "bash sh shell zsh fish ksh csh tcsh cmd bat batch powershell ps1 console terminal output text".split()
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A file that a line names, and the symbol in it, if it names one."""

    path: str
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Fence:
    """An opening or closing fence: the run of backticks or tildes and what follows it."""

    marks: str
    info: str

    def closes(self, line: str) -> bool:
        """Whether a line closes the block that this fence opened."""
        word = line.strip()
        return word.startswith(self.marks) and not word.strip(self.marks[0])

    def closes_patch(self, line: str) -> bool:
        """Whether a line closes the block around a patch, in which text of the file stands behind a sign."""
        return not line[:1].isspace() and self.closes(line)

    @property
    def language(self) -> str:
        """The first word behind the fence, in lower case."""
        return self.info.split()[0].lower() if self.info.split() else ""


def fence(line: str) -> Fence | None:
    """Read a line as a fence."""
    if "```" not in line and "~~~" not in line:
        return None
    match = _FENCE.match(line)
    return Fence(match[1], match[2].strip()) if match else None


def heading(line: str, *, known: Collection[str] = ()) -> Heading | None:
    """Read a line as the name of a file or symbol, with what models put around it; of prose, one name in backticks."""
    if len(line) > MAX_HEADING:
        return None
    word = line.strip().lstrip("#>-*+ \t").rstrip("*: \t").strip()
    word = _LABEL.sub("", word, count=1) if _LABEL.match(word) else word
    word = word.strip("*`\"' \t:")
    if found := _named(word, known):
        return found
    names = {name for name in _QUOTED.findall(line) if _named(name, known)}
    return _named(names.pop(), known) if len(names) == 1 else None


def _named(word: str, known: Collection[str]) -> Heading | None:
    word = word.replace("\\", "/") if re.search(r"\\(?!_)", word) else word.replace("\\_", "_")
    path, _, symbol = word.partition("::")
    path = path.removeprefix("./")
    if path in known:
        return Heading(path, symbol.strip())
    if not _PATH.match(path) or path.strip("./~\\-_=+#") == "" or (symbol and " " in symbol.strip()):
        return None
    name = path.rpartition("/")[2]
    is_file = (
        "." in name.strip(".") or name.startswith(".") or "/" in path or name in {"Makefile", "Dockerfile", "LICENSE"}
    )
    return Heading(path, symbol.strip()) if is_file and not path.startswith(("http:", "https:")) else None


def heading_above(lines: Sequence[str], start: int, *, known: Collection[str] = ()) -> Heading | None:
    """Give what the lines before a block name, past fences and empty lines; no more than three lines are looked at."""
    for line in reversed(lines[max(start - 3, 0) : start]):
        if not line.strip() or fence(line) or _TAG.match(line):
            continue
        return heading(line, known=known)
    return None


def deletion(line: str) -> str | None:
    """Read a line as the command to delete a file, and give its path."""
    match = _COMMAND.match(_bare(line)) if "elete" in line or "ELETE" in line else None
    return match[1].strip().strip("`*") if match else None


def renaming(line: str) -> tuple[str, str] | None:
    """Read a line as the command to rename a file, and give its old and new path."""
    match = _RENAME.match(_bare(line)) if "ename" in line or "ENAME" in line else None
    return (match[1].strip("`*"), match[2].strip("`*")) if match else None


def _bare(line: str) -> str:
    return line[:MAX_HEADING].strip().strip("`").strip()
