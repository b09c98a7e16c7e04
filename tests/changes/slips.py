"""The slips that small models make when they write edits, done to a reply that was right.

Each works on the lines that quote or write the file's text, so the reply's own marks stay as they are.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prentice.changes.formats import Format

Lines = Sequence[str]
Alter = Callable[[list[str], random.Random], list[str]]
TAB = 4


@dataclass(frozen=True)
class Slip:
    """One kind of slip. `context` is the number of lines around a place when the reply is written.

    `destroys` matches what the slip takes from new lines without a trace: what was meant there nobody can know.
    """

    name: str
    alter: Alter | None = None
    whole: Callable[[str, random.Random], str] | None = None
    context: int = 3
    short_fence: bool = False
    plain_marks: bool = False
    only: frozenset[Format] | None = None
    destroys: str = ""
    apart: bool = False

    def done_to(self, reply: str, *, format_: Format, chance: random.Random) -> str:
        """Give the reply with the slip made."""
        if self.alter:
            reply = "\n".join(_altered(reply.split("\n"), format_, self.alter, chance, apart=self.apart))
        return self.whole(reply, chance) if self.whole else reply


def _altered(lines: Lines, format_: Format, alter: Alter, chance: random.Random, *, apart: bool) -> list[str]:
    result: list[str] = []
    block: list[tuple[str, str]] = []

    def flush() -> None:
        altered = alter([text for _, text in block], chance)
        result.extend(prefix + text for (prefix, _), text in zip(block, altered, strict=True))
        block.clear()

    held: list[tuple[int, str]] = []
    for is_text, prefix, line in _marked(lines, format_):
        if is_text:
            block.append((prefix, line))
        elif format_ is Format.SEARCH_REPLACE and line.startswith("=======") and not apart:
            held.append((len(block), line))  # both halves slip together; the divider goes back between them
            block.append(("\0", ""))
        else:
            _flush_held(block, held, result, alter, chance) if held else flush()
            result.append(line)
    _flush_held(block, held, result, alter, chance) if held else flush()
    return result


def _flush_held(
    block: list[tuple[str, str]], held: list[tuple[int, str]], result: list[str], alter: Alter, chance: random.Random
) -> None:
    place, divider = held[0]
    del block[place]
    altered = alter([text for _, text in block], chance)
    result.extend([*altered[:place], divider, *altered[place:]])
    block.clear()
    held.clear()


def _marked(lines: Lines, format_: Format) -> list[tuple[bool, str, str]]:
    """Say of each line whether it is text of the file, and which sign stands before it."""
    marked: list[tuple[bool, str, str]] = []
    inside = False
    fence = ""
    for line in lines:
        if format_ in {Format.WHOLE, Format.SYMBOL}:
            if (fence and line == fence) or (not fence and line.startswith("```")):
                fence = "" if fence else re.match("`+", line)[0]  # type: ignore[index]
                marked.append((False, "", line))
            else:
                marked.append((bool(fence), "", line))
        elif format_ is Format.SEARCH_REPLACE:
            if line.startswith(("<<<<<<< SEARCH", ">>>>>>> REPLACE")):
                inside = line.startswith("<")
                marked.append((False, "", line))
            else:
                is_divider = line.startswith("=======")
                marked.append((inside and not is_divider, "", line))
        else:
            if line.startswith(("@@", "*** Add File")):
                inside = True
                marked.append((False, "", line))
                continue
            if line.startswith(("diff --git", "*** ", "```", "\\")) or (
                format_ is Format.UNIFIED and line[:1].strip(" +-") != ""
            ):
                inside = inside and line.startswith("\\")
            is_text = inside and line[:1] in {" ", "+", "-"}
            marked.append((is_text, line[:1] if is_text else "", line[1:] if is_text else line))
    return marked


def _lead(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def dedented(lines: list[str], _chance: random.Random) -> list[str]:
    leads = [_lead(line) for line in lines if line.strip()]
    shared = min(leads, key=len, default="")
    while shared and not all(lead.startswith(shared) for lead in leads):
        shared = shared[:-1]
    return [line.removeprefix(shared) if line.strip() else line for line in lines]


def flattened(lines: list[str], _chance: random.Random) -> list[str]:
    return [line.lstrip(" \t") for line in lines]


def shifted(lines: list[str], chance: random.Random) -> list[str]:
    added = " " * chance.choice([1, 2, 3, 4, 8])
    return [added + line if line.strip() else line for line in lines]


def first_line_lost(lines: list[str], _chance: random.Random) -> list[str]:
    return [line.lstrip(" \t") if number == 0 else line for number, line in enumerate(lines)]


def trailing(lines: list[str], _chance: random.Random) -> list[str]:
    return [line + "  " for line in lines]


def some_trailing(lines: list[str], chance: random.Random) -> list[str]:
    return [line + " " * chance.choice([0, 0, 1, 2]) for line in lines]


def stripped(lines: list[str], _chance: random.Random) -> list[str]:
    return [line.rstrip() for line in lines]


def tabs(lines: list[str], _chance: random.Random) -> list[str]:
    return [line.replace(_lead(line), _tabbed(_lead(line)), 1) if _lead(line) else line for line in lines]


def _tabbed(lead: str) -> str:
    width = len(lead.expandtabs(TAB))
    return "\t" * (width // TAB) + " " * (width % TAB)


def blanks(lines: list[str], _chance: random.Random) -> list[str]:
    return [_lead(line).expandtabs(TAB) + line.lstrip(" \t") for line in lines]


def curly(lines: list[str], _chance: random.Random) -> list[str]:
    return [
        re.sub(r"'(?=\w)", "\u2018", re.sub(r'"(?=\w)', "\u201c", line)).replace("'", "\u2019").replace('"', "\u201d")
        for line in lines
    ]


def straight(lines: list[str], _chance: random.Random) -> list[str]:
    plain = str.maketrans(
        {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\u00a0": " "}
    )
    return [line.translate(plain) for line in lines]


def wrong_numbers(reply: str, chance: random.Random) -> str:
    return re.sub(
        r"^@@ -\d+,\d+ \+\d+,\d+ @@",
        lambda _: (
            f"@@ -{chance.randint(1, 900)},{chance.randint(1, 20)} +{chance.randint(1, 900)},{chance.randint(1, 20)} @@"
        ),
        reply,
        flags=re.MULTILINE,
    )


def no_context_space(reply: str, _chance: random.Random) -> str:
    return "\n".join(line.removeprefix(" ") for line in reply.split("\n"))


def prose(reply: str, _chance: random.Random) -> str:
    return f"Sure! Here is the change you asked for.\n\n{reply}\n\nThis keeps the behaviour, and it is tested."


def crlf(reply: str, _chance: random.Random) -> str:
    return reply.replace("\n", "\r\n")


def wrapped(reply: str, _chance: random.Random) -> str:
    """Put fences around the two halves of blocks."""
    return re.sub(
        r"(?ms)^(<<<<<<< SEARCH[^\n]*)\n(.*?)^(=======[^\n]*)\n(.*?)^(>>>>>>> REPLACE)",
        lambda m: f"{m[1]}\n```\n{m[2]}```\n{m[3]}\n```\n{m[4]}```\n{m[5]}",
        reply,
    )


def cut(reply: str, _chance: random.Random) -> str:
    """End the reply inside its last line but one."""
    lines = reply.split("\n")
    return "\n".join(lines[: max(len(lines) - 2, 1)])


HUNKS = frozenset({Format.UNIFIED, Format.V4A})
BLOCKS = frozenset({Format.SEARCH_REPLACE})
SLIPS = (
    Slip("as asked"),
    Slip("prose around", whole=prose),
    Slip("line ends CRLF", whole=crlf),
    Slip("indentation lost", alter=dedented),
    Slip("lost in each half", alter=dedented, only=BLOCKS, apart=True),
    Slip("every line at the left", alter=flattened),
    Slip("indentation shifted", alter=shifted),
    Slip("first line's lost", alter=first_line_lost),
    Slip("blanks at all ends", alter=trailing),
    Slip("blanks at some ends", alter=some_trailing),
    Slip("blanks at ends lost", alter=stripped, destroys=r"[ \t]\Z"),
    Slip("tabs for blanks", alter=tabs),
    Slip("blanks for tabs", alter=blanks),
    Slip("curly quotes", alter=curly),
    Slip("straight quotes", alter=straight, destroys="[\u2018\u2019\u201c\u201d\u2013\u2014\u00a0]"),
    Slip("wrong line numbers", whole=wrong_numbers, only=frozenset({Format.UNIFIED})),
    Slip("no space before context", whole=no_context_space, only=HUNKS),
    Slip("one context line", context=1, only=HUNKS | BLOCKS),
    Slip("no context line", context=0, only=HUNKS | BLOCKS),
    Slip("a fence inside", whole=wrapped, only=BLOCKS),
    Slip("the shortest fence", short_fence=True),
    Slip("marks without tag", plain_marks=True, only=BLOCKS),
    Slip("cut off", whole=cut),
)
