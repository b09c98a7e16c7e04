"""Search/replace blocks of a real chat log, against the gold parse that came with it.

Source: the data folder aider_editblock (chat-history.md and its gold file). The log's sections are read in order; a
section is equal when file, search and replace text of all its blocks are.
"""

import re
from pathlib import Path
from typing import Final

from prentice.changes.edits import Replace
from prentice.changes.formats import Ask, Format
from prentice.changes.refusal import Refusal
from prentice.changes.reply.parse import parse

BLOCK: Final = re.compile(r"(?ms)^@@@ SEARCH: (.*?) @{20}\n(.*?)^@{20}\n(.*?)^@@@ REPLACE @{20}$")
TWICE = "A block has 2 lines `=======`"
NESTED = "A block begins before the one above it ended"
STRICTER: Final = {
    "#### Coder.create no longer takes a pretty arg": (2, TWICE),
    "#### in /ls, just list the number of repo files": (2, NESTED),
    "#### remove event(properties)": (1, TWICE),
    "#### use rich to make the": (2, TWICE),
    "#### add a /reset command that does /drop and /clear": (4, NESTED),
}
"""Sections whose blocks hold marks of their own: the number of blocks, and why they are refused here."""

Block = tuple[str, str, str]


def gold_sections(data: Path) -> list[tuple[str, list[Block]]]:
    gold = (data / "aider_editblock" / "chat-history-search-replace-gold.txt").read_text()
    parts = re.split(r"(?m)^@@@ (#### .*?) @{20}$", gold)
    return [(title.strip(), BLOCK.findall(body)) for title, body in zip(parts[1::2], parts[2::2], strict=True)]


def read(section: str) -> list[Block] | Refusal:
    parsed = parse(section, ask=Ask(format=Format.SEARCH_REPLACE))
    if isinstance(parsed, Refusal):
        return parsed

    def text(lines: tuple[str, ...]) -> str:
        return "".join(line + "\n" for line in lines)

    return [(edit.path, text(edit.search), text(edit.replace)) for edit in parsed.edits if isinstance(edit, Replace)]


def test_the_blocks_of_a_real_log_are_read_as_its_gold_says(data: Path) -> None:
    log = (data / "aider_editblock" / "chat-history.md").read_text()
    wanted = gold_sections(data)
    total = sum(len(blocks) for _, blocks in wanted)
    equal = 0
    stricter: set[str] = set()
    for section in re.split(r"(?=####\s)", log):
        if not wanted:
            break
        title, blocks = wanted[0]
        begins = section.split("\n")[0].strip() == title
        if not begins or (blocks and not ("<<<<<<< SEARCH" in section and blocks[0][1] in section)):
            continue
        if not blocks and "<<<<<<<" not in section and "```" not in section:
            continue
        wanted.pop(0)
        found = read(section)
        known = next(
            (start for start in STRICTER if title.startswith(start) and isinstance(found, Refusal) and blocks), ""
        )
        if known:
            assert isinstance(found, Refusal)
            assert STRICTER[known] == (len(blocks), STRICTER[known][1])
            assert found.sentence.startswith(STRICTER[known][1])
            stricter.add(known)
            continue
        if not blocks and isinstance(found, Refusal):
            continue  # the gold says so too: the block was cut off
        assert not isinstance(found, Refusal), (title, found)
        assert found == [(path.replace("\\", "/"), search, replace) for path, search, replace in blocks], title
        equal += len(blocks)
    assert not wanted
    assert stricter == set(STRICTER)
    assert (total, equal) == (312, 301)
