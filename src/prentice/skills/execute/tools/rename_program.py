"""A program that renames a definition with rope, run on its own in the sandbox: it imports nothing of Prentice.

It reads a request from a file: `paths` (Python files that hold the name), `preferred` (where the definition is looked
for first), `old` (dotted where an owner is given), `new`, and `places` (directories with rope). It writes the files
itself, byte for byte but for the name, and prints one JSON document: `{"declined": why}`, or `{"site", "texts",
"others"}`: where the definition stands, where strings and comments mention the name, and what else bears it.
"""

import ast
import importlib
import io
import json
import re
import sys
import tokenize
from pathlib import Path
from typing import Any

_SHOWN = 5
Definition = tuple[str, str, int, int]


class Refused(Exception):  # noqa: N818 - an outcome
    """The name cannot be changed everywhere with certainty."""


class Source:
    """A file's text as rope reads it, and the way back to its bytes."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.content = Path(path).read_bytes()
        self.encoding, _ = tokenize.detect_encoding(io.BytesIO(self.content).readline)
        self.kept = re.split(r"(\r\n|\n|\r)", self.content.decode(self.encoding))
        self.lines = self.kept[::2]
        self.text = "\n".join(self.lines)
        self.tree = ast.parse(self.text)

    def write(self, text: str) -> None:
        """Put new lines in the places of the old ones, each with the ending that it had."""
        lines = text.split("\n")
        if len(lines) != len(self.lines):
            raise Refused(f"the lines of {self.path} would move")
        self.kept[::2] = lines
        Path(self.path).write_bytes("".join(self.kept).encode(self.encoding))

    def offset(self, line: int, column: int) -> int:
        """Give where in the text a node stands, from its line and its column in UTF-8 bytes."""
        before = sum(len(kept) + 1 for kept in self.lines[: line - 1])
        return before + len(self.lines[line - 1].encode()[:column].decode())


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Rename, and say what was found."""
    old, new = request["old"].rpartition(".")[2], request["new"]
    sources = [_source(path) for path in request["paths"]]
    path, qualified, line, offset = _site(sources, request)
    texts = _renamed(request, path=path, offset=offset, old=old, new=new)
    is_module_level = "." not in qualified
    changed = [source for source in sources if source.path in texts]
    for source in changed:
        if used := _names(source.tree, new):
            raise Refused(f"`{new}` is used already in {source.path}:{used[0]}")
        if is_module_level:
            texts[source.path] = _exported(texts[source.path], old=old, new=new)
    for source in sources:
        if source.path not in texts and _exports(source.tree, old):
            raise Refused(f"`__all__` in {source.path} names `{old}`, and what that is cannot be told")
    for source in changed:
        source.write(texts[source.path])
    after = [_source(source.path) for source in sources]
    return {
        "site": f"{path}:{line}",
        "qualified": qualified,
        "texts": [f"{source.path}:{at}" for source in after for at in _mentions(source, old)],
        "others": [f"{source.path}:{at}" for source in after for at in _names(source.tree, old)],
    }


def _source(path: str) -> Source:
    try:
        return Source(path)
    except (SyntaxError, ValueError, UnicodeError, RecursionError) as error:
        raise Refused(f"{path} cannot be read as Python ({type(error).__name__})") from error


def _site(sources: list[Source], request: dict[str, Any]) -> Definition:
    wanted = request["old"]
    found = [site for source in sources for site in _definitions(source, wanted)]
    preferred = [site for site in found if site[0] in request["preferred"]]
    chosen = preferred or found
    if not chosen:
        raise Refused(f"`{wanted}` is defined nowhere as a function, a class or a variable of a module or class")
    if len({site[:2] for site in chosen}) > 1:
        places = ", ".join(f"{path}:{line} ({name})" for path, name, line, _ in chosen[:_SHOWN])
        raise Refused(f"`{wanted}` is defined more than once: {places}")
    return chosen[0]


def _definitions(source: Source, wanted: str) -> list[Definition]:
    owner, _, last = wanted.rpartition(".")
    found: list[Definition] = []

    def visit(body: list[ast.stmt], prefix: str, *, local: bool) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                if node.name == last:
                    found.append((source.path, prefix + last, node.lineno, _name_offset(source, node)))
                visit(node.body, f"{prefix}{node.name}.", local=local or not isinstance(node, ast.ClassDef))
                continue
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets if isinstance(node, ast.Assign | ast.AnnAssign) and not local else ():
                if isinstance(target, ast.Name) and target.id == last:
                    place = source.offset(target.lineno, target.col_offset)
                    found.append((source.path, prefix + last, target.lineno, place))
            for part in ("body", "orelse", "finalbody"):
                visit(getattr(node, part, []), prefix, local=local)
            for handler in getattr(node, "handlers", []):
                visit(handler.body, prefix, local=local)

    visit(source.tree.body, "", local=False)
    stem = Path(source.path).stem
    return [site for site in found if not owner or f".{stem}.{site[1]}".endswith(f".{owner}.{last}")]


def _name_offset(source: Source, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    start = source.offset(node.lineno, node.col_offset)
    match = re.compile(rf"(?:async\s+)?(?:def|class)\s+(?={node.name}\b)").match(source.text, start)
    if match is None:
        raise Refused(f"the definition in {source.path}:{node.lineno} is written in an unusual way")
    return match.end()


def _renamed(request: dict[str, Any], *, path: str, offset: int, old: str, new: str) -> dict[str, str]:
    sys.path += request["places"]
    rope_project = importlib.import_module("rope.base.project")
    rename = importlib.import_module("rope.refactor.rename")
    errors = importlib.import_module("rope.base.exceptions")
    project = rope_project.Project(".", ropefolder=None, ignore_syntax_errors=True)
    unsure: list[str] = []

    def left(occurrence: Any) -> bool:  # noqa: ANN401 - rope's, which is loaded only here
        unsure.append(f"{occurrence.resource.path}:{occurrence.lineno}")
        return False

    try:
        work = rename.Rename(project, project.get_resource(path), offset)
        resources = [project.get_resource(name) for name in request["paths"]]
        changes = work.get_changes(new, in_hierarchy=True, unsure=left, resources=resources)
    except errors.RopeError as error:
        raise Refused(f"rope gave up: {error}") from error
    if unsure:
        places = ", ".join(list(dict.fromkeys(unsure))[:_SHOWN])
        raise Refused(f"whether `{old}` is meant cannot be told in {places}")
    return {change.resource.path: change.new_contents for change in changes.changes}


def _names(tree: ast.AST, name: str) -> list[int]:
    """List the lines on which something of this name stands, as a name, an attribute, a definition or a keyword."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        of = (getattr(node, field, None) for field in ("id", "attr", "name", "arg", "asname"))
        if name in of and (line := getattr(node, "lineno", 0)):
            lines.add(line)
    return sorted(lines)


def _mentions(source: Source, name: str) -> list[int]:
    """List the lines of strings and comments that mention a name."""
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    lines: set[int] = set()
    names = set(_names(source.tree, name))
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type not in {tokenize.NAME, tokenize.OP, tokenize.NUMBER}:
            for match in word.finditer(token.string):
                lines.add(token.start[0] + token.string[: match.start()].count("\n"))
    return sorted(lines - names)


def _exports(tree: ast.Module, name: str) -> list[ast.Constant]:
    found = []
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) or node.value is None:
            continue
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            constants = (part for part in ast.walk(node.value) if isinstance(part, ast.Constant))
            found += [part for part in constants if part.value == name]
    return found


def _exported(text: str, *, old: str, new: str) -> str:
    """Change a name in `__all__`, where it is a reference although it is written as a string."""
    lines = text.split("\n")
    nodes = sorted(_exports(ast.parse(text), old), key=lambda node: (node.lineno, node.col_offset), reverse=True)
    for node in nodes:
        line = lines[node.lineno - 1].encode()
        piece = line[node.col_offset : node.end_col_offset].decode().replace(old, new)
        lines[node.lineno - 1] = (line[: node.col_offset] + piece.encode() + line[node.end_col_offset :]).decode()
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        result = main(json.loads(Path(sys.argv[1]).read_bytes()))
    except Refused as refused:
        result = {"declined": str(refused)}
    sys.stdout.write(json.dumps(result))
