"""The one way into a reply: finds edits of every format and says what else there was.

A reply that holds something like an edit which cannot be read for certain is refused as a whole.
"""

from dataclasses import dataclass

from prentice.changes.edits import Create, Delete, Edit, Rename, Replace, RewriteSymbol, WholeFile
from prentice.changes.formats import Ask, Format, Target
from prentice.changes.markers import is_prose_path
from prentice.changes.refusal import Refusal, refuse
from prentice.changes.reply import unified, v4a
from prentice.changes.reply.blocks import is_head, is_tail, read_block
from prentice.changes.reply.lines import SHELLS, Fence, Heading, deletion, fence, heading, heading_above, renaming
from prentice.changes.text import reply_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The edits of a reply in their order, and sentences about what of it was left aside."""

    edits: tuple[Edit, ...]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Unnamed:
    """A fenced block that nothing names."""

    lines: tuple[str, ...]
    language: str
    at: int
    introduced: bool


def parse(reply: str, *, ask: Ask | None = None) -> Parsed | Refusal:
    """Read a model's reply in the light of what it was asked for."""
    return _Reading(reply_lines(reply), ask or Ask()).parse()


class _Reading:
    def __init__(self, lines: list[str], ask: Ask) -> None:
        self.lines = lines
        self.ask = ask
        self.edits: list[Edit] = []
        self.ignored: list[str] = []
        self.unnamed: list[_Unnamed] = []
        self.path = ""
        self.inside: Fence | None = None

    def parse(self) -> Parsed | Refusal:
        number = 0
        while number < len(self.lines):
            after = self._step(number)
            if isinstance(after, Refusal):
                return after
            number = after
        problem = self._take_unnamed()
        if problem:
            return problem
        return Parsed(edits=tuple(self.edits), ignored=tuple(self.ignored))

    def _step(self, number: int) -> int | Refusal:  # noqa: PLR0911 - one return for each kind of line
        """Read what begins on a line, and give the line behind it."""
        line = self.lines[number]
        if is_head(line):
            return self._block(number)
        if is_tail(line):
            return refuse("malformed", "A block ends that did not begin.", at=number + 1)
        if v4a.begins(line):
            return self._taken(v4a.read_patch(self.lines, number, inside=self.inside))
        if unified.begins(self.lines, number):
            return self._taken(unified.read_diff(self.lines, number, inside=self.inside))
        if unified.is_hunk_head(line) and line.count("@@") > 1:
            return refuse("malformed", "A part of a diff stands outside of any diff.", at=number + 1)
        if opened := fence(line):
            return self._fenced(number, opened)
        if path := deletion(line):
            self.edits.append(Delete(path=path, at=number + 1))
        elif names := renaming(line):
            self.edits.append(Rename(path=names[0], to=names[1], at=number + 1))
        return number + 1

    def _taken(self, found: tuple[list[Edit], int] | Refusal) -> int | Refusal:
        if isinstance(found, Refusal):
            return found
        self.edits += found[0]
        if self.inside and self.inside.closes(self.lines[found[1] - 1]):
            self.inside = None
        return found[1]

    def _block(self, number: int) -> int | Refusal:
        block = read_block(self.lines, number, markers=self.ask.markers)
        if isinstance(block, Refusal):
            return block
        named = heading_above(self.lines, number, known=self.ask.paths)
        path = (named.path if named else "") or self.path or (self.ask.paths[0] if len(self.ask.paths) == 1 else "")
        if not path:
            return refuse("no_path", "No line above a block names the file that it changes.", at=number + 1)
        self.path = path
        self.edits.append(Replace(path=path, search=block.search, replace=block.replace, at=number + 1))
        return block.end

    def _fenced(self, number: int, opened: Fence) -> int | Refusal:
        if self.inside and self.inside.closes(self.lines[number]):
            self.inside = None
            return number + 1
        first = next(
            (place for place in range(number + 1, min(number + 4, len(self.lines))) if self.lines[place].strip()), None
        )
        if first is not None and self._holds_marked_edit(first):
            self.inside = opened
            return number + 1
        if (
            first is not None
            and opened.language in {"diff", "patch", "udiff"}
            and unified.is_hunk_head(self.lines[first])
        ):
            return self._diff_without_heading(number, first, opened)
        if self.ask.format in {Format.SEARCH_REPLACE, Format.UNIFIED, Format.V4A}:
            if opened.language in SHELLS:
                self._leave_commands(number)
            return number + 1
        return self._text(number, opened)

    def _leave_commands(self, number: int) -> None:
        self.ignored.append(f"Line {number + 1}: a block of commands or output; nothing of it is run.")

    def _holds_marked_edit(self, first: int) -> bool:
        """Whether a fence is only put around edits that have marks of their own."""
        return any(
            is_head(self.lines[place]) or v4a.begins(self.lines[place]) or unified.begins(self.lines, place)
            for place in range(first, min(first + 2, len(self.lines)))
        )

    def _diff_without_heading(self, number: int, first: int, opened: Fence) -> int | Refusal:
        named = heading_above(self.lines, number, known=self.ask.paths)
        path = (named.path if named else "") or (self.ask.paths[0] if len(self.ask.paths) == 1 else "")
        if not path:
            return refuse("no_path", "A diff does not say which file it changes.", at=number + 1)
        return self._taken(unified.read_diff(self.lines, first, inside=opened, path=path))

    def _text(self, number: int, opened: Fence) -> int | Refusal:
        """Read a fenced text: the whole of a file or symbol, a command to run (left aside), or something unnamed."""
        end = self._closing(number, opened)
        if isinstance(end, Refusal):
            return end
        if end is None:
            return refuse("malformed", "A fence is not closed; the answer may have been cut off.", at=number + 1)
        text = tuple(self.lines[number + 1 : end])
        if opened.language in SHELLS:
            self._leave_commands(number)
            return end + 1
        named = heading(opened.info.split()[-1], known=self.ask.paths) if opened.info else None
        named = named or heading_above(self.lines, number, known=self.ask.paths)
        edit = self._edit(named, text, at=number + 1) if named else None
        if edit:
            self.edits.append(edit)
        else:
            before = next((line for line in reversed(self.lines[max(number - 2, 0) : number]) if line.strip()), "")
            self.unnamed.append(_Unnamed(text, opened.language, number + 1, before.rstrip().endswith(":")))
        return end + 1

    def _edit(self, named: Heading, text: tuple[str, ...], *, at: int) -> Edit | None:
        if named.symbol:
            return RewriteSymbol(path=named.path, symbol=named.symbol, lines=text, at=at)
        if self.ask.format in {None, Format.WHOLE}:
            return WholeFile(path=named.path, lines=text, at=at)
        symbols = [target for target in self.ask.targets if target.path == named.path and target.symbol]
        if self.ask.format is Format.SYMBOL and len(symbols) == 1:
            return RewriteSymbol(path=named.path, symbol=symbols[0].symbol, lines=text, at=at)
        return None

    def _closing(self, number: int, opened: Fence) -> int | Refusal | None:
        """Find the fence that closes a text; inner ones are told apart by what stands behind the opening one."""
        depth = 0
        plain: int | None = None
        for place in range(number + 1, len(self.lines)):
            line = self.lines[place]
            mark = fence(line) if opened.marks in line else None
            if mark is None or len(mark.marks) < len(opened.marks) or mark.marks[0] != opened.marks[0]:
                continue
            if mark.info:
                if plain is not None and heading_above(self.lines, place, known=self.ask.paths):
                    return plain
                depth += plain is None
                continue
            plain = place if plain is None else plain
            if depth == 0:
                break
            depth -= 1
            if depth == 0 and (outer := self._next_bare(place, opened)) is not None:
                return outer
        return plain

    def _next_bare(self, place: int, opened: Fence) -> int | Refusal | None:
        """Give the fence that closes the outer text once all inner ones are closed, if nothing speaks against it."""
        for later in range(place + 1, len(self.lines)):
            mark = fence(self.lines[later])
            if mark is None or len(mark.marks) < len(opened.marks) or mark.marks[0] != opened.marks[0]:
                continue
            if mark.info:
                break
            return later
        return refuse(
            "malformed", "Fences stand inside one another, and which closes which cannot be told.", at=place + 1
        )

    def _take_unnamed(self) -> Refusal | None:
        """Use the only fenced text for the only target; leave others aside, unless they may be the rest of a text."""
        marked = [edit for edit in self.edits if not isinstance(edit, Delete | Rename)]
        target = self._only_target()
        if not marked and target and len(self.unnamed) == 1 and self.ask.format in {Format.SYMBOL, Format.WHOLE}:
            block = self.unnamed.pop()
            edit = self._edit(Heading(target.path, target.symbol), block.lines, at=block.at)
            self.edits += [edit] if edit else []
        elif not marked and self.ask.format is Format.SYMBOL:
            self._take_by_name()
        for block in self.unnamed:
            whole = [
                edit for edit in marked if isinstance(edit, WholeFile | RewriteSymbol | Create) and edit.at < block.at
            ]
            if whole and (is_prose_path(whole[-1].path) or not block.introduced):
                sentence = "A fenced text that nothing names stands behind another; it may be the rest of it."
                return refuse("malformed", sentence, at=block.at)
            self.ignored.append(f"Line {block.at}: a fenced text that no line names a file for.")
        return None

    def _only_target(self) -> Target | None:
        return self.ask.targets[0] if len(self.ask.targets) == 1 else None

    def _take_by_name(self) -> None:
        """Give fenced texts to the targets whose names their first definitions have."""
        for block in list(self.unnamed):
            head = next(
                (line for line in block.lines if line.strip() and not line.lstrip().startswith(("@", "#", "//"))), ""
            )
            words = set(head.replace("(", " ").replace(":", " ").replace("{", " ").split()[:6])
            fitting = [target for target in self.ask.targets if target.symbol.rpartition(".")[2] in words]
            if len(fitting) == 1:
                self.unnamed.remove(block)
                self.edits.append(
                    RewriteSymbol(path=fitting[0].path, symbol=fitting[0].symbol, lines=block.lines, at=block.at)
                )
