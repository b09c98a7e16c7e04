"""The new bytes of one file, from all edits of its text together."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from prentice.changes.change import Applied, Means
from prentice.changes.correction import Doubt, Level
from prentice.changes.diff import changed_blocks
from prentice.changes.edits import Create, Hunk, HunkLine, Patch, Replace, RewriteSymbol, WholeFile
from prentice.changes.index import Index
from prentice.changes.placing import Miss, Placement, Splice, place
from prentice.changes.refusal import Failure, candidates
from prentice.changes.rewriting import Rewritten, rewritten
from prentice.changes.symbol_edit import place_symbol
from prentice.changes.symbols.table import Symbol, Unreadable, named, symbols_of
from prentice.changes.text import Text, decode, written_like


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A file's new bytes and how its edits were carried out."""

    content: bytes
    applied: tuple[Applied, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Placed:
    placement: Placement
    path: str
    means: Means
    at: int
    ends: tuple[bool, bool] | None = None


def edited(content: bytes, edits: Sequence[RewriteSymbol | WholeFile | Replace | Patch | Create]) -> Contents | Failure:
    """Carry out all edits of one file, or say why the first that cannot be carried out cannot."""
    first = edits[0]
    text = decode(content)
    if text is None:
        return Failure(code="binary", sentence="The file is no text.", path=first.path, at=first.at)
    match first:
        case WholeFile() | Create():
            return _whole(first, text)
        case Replace(search=()) if not text.lines:
            return _whole(Create(path=first.path, lines=first.replace, at=first.at), text)
        case Patch(hunks=(Hunk(),)) if not text.lines and not first.hunks[0].old:
            return _whole(_created_by(first), text)
    index = Index(text.lines)
    table = _table(first.path, text, [edit.symbol for edit in edits if isinstance(edit, RewriteSymbol)])
    placed: list[_Placed] = []
    for edit in edits:
        found = _placed(edit, index, table)
        if isinstance(found, Failure):
            return found
        placed += found
    return _joined(placed, text)


def _table(path: str, text: Text, names: Sequence[str]) -> Sequence[Symbol] | Unreadable:
    """Give the symbols that names may mean, all of the file's where one means none."""
    if not names:
        return []
    table = symbols_of(path, text.lines, names=names)
    if isinstance(table, Unreadable) or all(named(name, table) for name in names):
        return table
    return symbols_of(path, text.lines)


def _created_by(edit: Patch) -> Create:
    hunk = edit.hunks[0]
    final = hunk.ends[1] if hunk.ends else True
    return Create(path=edit.path, lines=tuple(line for _, line in hunk.lines), final_newline=final, at=edit.at)


def _whole(edit: WholeFile | Create, text: Text) -> Contents | Failure:
    def failed(code: str, sentence: str) -> Failure:
        return Failure(code=code, sentence=sentence, path=edit.path, at=edit.at)

    if any("\0" in line for line in edit.lines):
        return failed("characters", "The new text has NUL characters.")
    if not text.lines:
        result = Rewritten(edit.lines, Level.EXACT)
        ended: bool | None = edit.final_newline if isinstance(edit, Create) else None
    else:
        index = Index(text.lines)
        found = rewritten(text.lines, edit.lines, leads=lambda: index.leads)
        if isinstance(found, Doubt):
            return failed("doubtful", f"The whole file was given, but {found.sentence}.")
        result, ended = found, None
    blocks = changed_blocks(text.lines, result.lines)
    splices = [Splice(start=b.old_start, end=b.old_end, lines=result.lines[b.new_start : b.new_end]) for b in blocks]
    content = _written(splices, text, final_newline=ended)
    if isinstance(content, str):
        return failed("characters", content)
    return Contents(content=content, applied=(Applied(means="whole", level=result.level, line=1, at=edit.at),))


def _placed(
    edit: RewriteSymbol | WholeFile | Replace | Patch | Create, index: Index, table: Sequence[Symbol] | Unreadable
) -> list[_Placed] | Failure:
    if isinstance(edit, RewriteSymbol):
        found = place_symbol(edit, index, table=table)
        if isinstance(found, Miss):
            shown = candidates(index, edit.lines[:1], starts=found.starts) if found.starts else ()
            return Failure(code=found.code, sentence=found.sentence, path=edit.path, at=edit.at, candidates=shown)
        return [_Placed(found, edit.path, "symbol", edit.at)]
    hunks = [_as_hunk(edit)] if isinstance(edit, Replace) else list(edit.hunks) if isinstance(edit, Patch) else []
    means: Means = "replace" if isinstance(edit, Replace) else "patch"
    placed: list[_Placed] = []
    for hunk in hunks:
        found = place(hunk, index)
        at = hunk.at or edit.at
        if isinstance(found, Miss):
            shown = candidates(index, hunk.old, starts=found.starts)
            return Failure(code=found.code, sentence=found.sentence, path=edit.path, at=at, candidates=shown)
        if isinstance(edit, Replace) and (doubt := _lost_change(hunk, found, index)):
            return Failure(code="doubtful", sentence=doubt, path=edit.path, at=at)
        placed.append(_Placed(found, edit.path, means, at, hunk.ends))
    return placed


def _as_hunk(edit: Replace) -> Hunk:
    """Write a replacement as a hunk: lines that stand on both sides are kept as the file has them."""
    lines: list[HunkLine] = []
    here = 0
    for block in changed_blocks(edit.search, edit.replace):
        lines += [(" ", line) for line in edit.search[here : block.old_start]]
        lines += [("-", line) for line in edit.search[block.old_start : block.old_end]]
        lines += [("+", line) for line in edit.replace[block.new_start : block.new_end]]
        here = block.old_end
    lines += [(" ", line) for line in edit.search[here:]]
    return Hunk(lines=tuple(lines), at=edit.at)


def _lost_change(hunk: Hunk, found: Placement, index: Index) -> str | None:
    """Say whether lines that stand alike on both sides of a replacement may be the change itself, lost in copying."""
    if found.level is Level.EXACT or any(operation == "+" for operation, _ in hunk.lines):
        return None
    if all(operation == " " for operation, _ in hunk.lines):
        return "The lines to find and those in their place are the same, but the file's differ from both."
    pairs = zip(hunk.old, index.lines[found.start : found.end], strict=False)
    if any(present.rstrip() == quoted.rstrip() and len(present) > len(quoted) for quoted, present in pairs):
        return "A line that stays is quoted without the blanks at its end, which may have to go."
    return None


def _joined(placed: Sequence[_Placed], text: Text) -> Contents | Failure:
    """Carry out placed edits together, unless two of them touch the same lines."""
    order = sorted(range(len(placed)), key=lambda number: placed[number].placement.start)
    distinct: dict[tuple[Splice, ...], _Placed] = {}
    notes: list[str] = []
    for number in order:
        one = placed[number]
        splices = tuple(
            splice for splice in one.placement.splices if splice.lines != text.lines[splice.start : splice.end]
        )
        if splices and splices in distinct:
            notes.append(f"An edit of {one.path} was given twice.")
            continue
        distinct[splices] = _Placed(
            Placement(start=one.placement.start, end=one.placement.end, splices=splices, level=one.placement.level),
            one.path, one.means, one.at, one.ends,
        )  # fmt: skip
    kept = list(distinct.values())
    splices_of = sorted(
        ((splice, number) for number, one in enumerate(kept) for splice in one.placement.splices), key=_order
    )
    if clash := _clash(kept, splices_of):
        return clash
    final = next((one.ends[1] for one in kept if one.ends and one.placement.end == len(text.lines)), None)
    content = _written([splice for splice, _ in splices_of], text, final_newline=final)
    if isinstance(content, str):
        return Failure(code="characters", sentence=content, path=placed[0].path, at=placed[0].at)
    applied = tuple(
        Applied(means=one.means, level=one.placement.level, line=one.placement.start + 1, at=one.at) for one in placed
    )
    return Contents(content=content, applied=applied, notes=tuple(notes))


def _order(entry: tuple[Splice, int]) -> tuple[int, int]:
    return entry[0].start, entry[0].end


def _clash(placed: Sequence[_Placed], splices: Sequence[tuple[Splice, int]]) -> Failure | None:
    """Find two edits that change the same lines, or one that keeps a line which another removes."""
    removed: dict[int, int] = {}
    last: tuple[Splice, int] | None = None
    for splice, number in splices:
        if last and last[1] != number:
            touches = splice.start < last[0].end
            same_place = splice.start == splice.end == last[0].start == last[0].end
            if touches or same_place:
                return _overlap(placed[number], splice.start)
        if last is None or splice.end >= last[0].end:
            last = (splice, number)
        removed.update(dict.fromkeys(range(splice.start, splice.end), number))
    for number, one in enumerate(placed):
        if one.means == "symbol":
            continue
        for line in range(one.placement.start, one.placement.end):
            if removed.get(line, number) != number:
                return _overlap(one, line)
    return None


def _overlap(placed: _Placed, line: int) -> Failure:
    sentence = f"Two edits concern the same lines, near line {line + 1}. Give them as one."
    return Failure(code="overlap", sentence=sentence, path=placed.path, at=placed.at)


def _written(splices: Sequence[Splice], text: Text, *, final_newline: bool | None) -> bytes | str:
    """Give the file's bytes with the splices in place, or why some new text cannot be written in its encoding."""
    lines: list[str] = []
    endings: list[str] = []
    here = 0
    for splice in splices:
        lines += text.lines[here : splice.start]
        endings += text.endings[here : splice.start]
        lines += splice.lines
        endings += endings_of(splice, text)
        here = splice.end
        if problem := _unwritable(splice, text):
            return problem
    lines += text.lines[here:]
    endings += text.endings[here:]
    try:
        return written_like(text, lines, endings, final_newline=final_newline).encode()
    except UnicodeEncodeError:
        return f"New text has characters that the file's encoding, {text.encoding}, does not have."


def endings_of(splice: Splice, text: Text) -> list[str]:
    """Give each new line the ending of the line it replaces, else of the line before."""
    own = list(text.endings[splice.start : splice.end])[: len(splice.lines)]
    last = (
        own[-1] if own else text.endings[splice.start - 1] if splice.start else text.endings[0] if text.endings else ""
    )
    return own + [last] * (len(splice.lines) - len(own))


def _unwritable(splice: Splice, text: Text) -> str | None:
    written = "".join(splice.lines)
    if "\0" in written:
        return "New text has NUL characters."
    if not text.declared and not written.isascii():
        known = {letter for letter, _ in groupby(sorted("".join(text.lines))) if not letter.isascii()}
        if not {letter for letter in written if not letter.isascii()} <= known:
            return (
                "The file is not UTF-8 and does not say what it is, so letters that it does not have cannot be written."
            )
    return None
