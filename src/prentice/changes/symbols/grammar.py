"""Symbols of other languages, read with tree-sitter's grammars; what each grammar calls a definition is a table."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from prentice.changes.symbols.table import Language, Symbol, Unreadable
from prentice.extras import install_command

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Query

_MODULES: Final[Mapping[Language, tuple[str, str]]] = {
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "go": ("tree_sitter_go", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "java": ("tree_sitter_java", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
}
_SCRIPT: Final = """
    function_declaration generator_function_declaration class_declaration abstract_class_declaration method_definition
    interface_declaration type_alias_declaration enum_declaration function_signature method_signature
    abstract_method_signature internal_module field_definition public_field_definition lexical_declaration
    variable_declaration
""".split()
_RUST: Final = """
    function_item function_signature_item struct_item enum_item union_item trait_item impl_item mod_item type_item
    macro_definition
"""
_C: Final = "function_definition struct_specifier class_specifier enum_specifier union_specifier namespace_definition"
_DEFINITIONS: Final[Mapping[Language, frozenset[str]]] = {
    "javascript": frozenset(_SCRIPT),
    "typescript": frozenset(_SCRIPT),
    "tsx": frozenset(_SCRIPT),
    "go": frozenset("function_declaration method_declaration type_declaration".split()),
    "rust": frozenset(_RUST.split()),
    "java": frozenset(
        "class_declaration interface_declaration enum_declaration record_declaration annotation_type_declaration "
        "method_declaration constructor_declaration compact_constructor_declaration".split()
    ),
    "c": frozenset(_C.split()),
    "cpp": frozenset(_C.split()),
}
_WRAPPERS: Final = frozenset("export_statement template_declaration ambient_declaration expression_statement".split())
_ATTRIBUTES: Final = frozenset({"attribute_item", "decorator"})
_FUNCTIONS: Final = frozenset({"arrow_function", "function_expression", "generator_function", "class"})
_VALUED: Final = frozenset("lexical_declaration variable_declaration field_definition public_field_definition".split())
_NAMES: Final = frozenset(
    """
    identifier field_identifier type_identifier qualified_identifier destructor_name operator_name operator_cast
    """.split()
)


_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_MAX_PLACES: Final = 200
"""A name that occurs more often is looked for among all definitions, which then takes less time."""


@cache
def _parser(language: Language) -> "Parser | None":
    module, function = _MODULES[language]
    try:
        import tree_sitter  # noqa: PLC0415 - comes with the extra `code`

        grammar = import_module(module)
    except ImportError:
        return None
    return tree_sitter.Parser(tree_sitter.Language(getattr(grammar, function)()))


@cache
def _query(language: Language) -> "Query":
    """Give the query for all definitions; it finds them many times faster than a walk over all nodes."""
    import tree_sitter  # noqa: PLC0415 - comes with the extra `code`

    module, function = _MODULES[language]
    grammar = tree_sitter.Language(getattr(import_module(module), function)())
    known = [kind for kind in sorted(_DEFINITIONS[language]) if grammar.id_for_node_kind(kind, True)]  # noqa: FBT003 - takes no keywords
    return tree_sitter.Query(grammar, "\n".join(f"({kind}) @definition" for kind in known))


def root_of(lines: Sequence[str], *, language: Language) -> "Node | None":
    """Give the root of the syntax tree, None where the grammar is not installed."""
    parser = _parser(language)
    return None if parser is None else parser.parse(_encoded(lines)).root_node


def _encoded(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def count_errors(root: "Node") -> int:
    """Count the places where the text does not fit the grammar."""
    if not root.has_error:
        return 0
    count = 0
    pending = [root]
    while pending:
        node = pending.pop()
        count += node.is_error or node.is_missing
        pending.extend(child for child in node.children if child.has_error or child.is_missing)
    return count


def leaves(root: "Node") -> Iterator["Node"]:
    """Give the tokens in order."""
    pending = [root]
    while pending:
        node = pending.pop()
        if node.child_count:
            pending.extend(reversed(node.children))
        else:
            yield node


def symbols(lines: Sequence[str], *, language: Language, lasts: Collection[str] = ()) -> list[Symbol] | Unreadable:
    """Give the functions, methods, classes and types of a file; of these names (`Symbol.last`) alone, where told.

    Looking where the names occur takes a small part of the time of looking at every definition.
    """
    root = root_of(lines, language=language)
    if root is None:
        return Unreadable(
            "no_grammar", f"Symbols of this language need Prentice's extra `code` ({install_command('code')})."
        )
    around = _definitions_around(lasts, root, _encoded(lines), language) if lasts else None
    if around is None:
        found = list(_symbols(_definitions(root, language), lines))
        return [symbol for symbol in found if symbol.last in lasts] if lasts else found
    return [symbol for symbol in _symbols(around, lines) if symbol.last in lasts]


def _definitions_around(
    lasts: Collection[str], root: "Node", content: bytes, language: Language
) -> list["Node"] | None:
    """Give the definitions in which one of some names occurs, outer ones first; None where all have to be looked at.

    The name of a definition stands in it, and in all that it stands in.
    """
    if not all(_WORD.fullmatch(name) for name in lasts):
        return None
    places = [match.start() for name in lasts for match in re.finditer(re.escape(name.encode()), content)]
    if len(places) > _MAX_PLACES:
        return None
    found = {node.id: node for place in places for node in _path_to(place, root, language)}
    return sorted(found.values(), key=_extent)


def _path_to(place: int, root: "Node", language: Language) -> Iterator["Node"]:
    """Give the definitions that a byte stands in."""
    cursor = root.walk()
    while cursor.goto_first_child_for_byte(place) is not None:
        node = cursor.node
        if node is None or node.start_byte > place:
            return
        if node.is_named and node.type in _DEFINITIONS[language]:
            yield node


def _extent(node: "Node") -> tuple[int, int]:
    return node.start_byte, -node.end_byte


def _symbols(definitions: Iterable["Node"], lines: Sequence[str]) -> Iterator[Symbol]:
    """Give the symbols of definitions, outer ones first; what one stands in are those before that have not ended."""
    around: list[tuple[int, str]] = []
    for node in definitions:
        while around and around[-1][0] <= node.start_byte:
            around.pop()
        if not (name := _name(node)):
            continue
        parent = around[-1][1] if around else ""
        scope, own = _qualified(node, name)
        shown = f"impl {name}" if node.type == "impl_item" else own
        full = ".".join(filter(None, [parent, scope, shown]))
        yield _symbol(node, full, ".".join(filter(None, [parent, scope])), lines)
        around.append((node.end_byte, ".".join(filter(None, [parent, scope, own]))))


def _definitions(root: "Node", language: Language) -> list["Node"]:
    """Give the nodes that define something, outer ones first."""
    import tree_sitter  # noqa: PLC0415 - comes with the extra `code`

    found = tree_sitter.QueryCursor(_query(language)).captures(root).get("definition", [])
    return sorted(found, key=_extent)


def _symbol(node: "Node", name: str, parent: str, lines: Sequence[str]) -> Symbol:
    outer = node
    while outer.parent and outer.parent.type in _WRAPPERS:
        outer = outer.parent
    first = outer
    while (before := first.prev_named_sibling) is not None and before.type in _ATTRIBUTES:
        first = before
    start, end = first.start_point.row, outer.end_point.row
    if outer.end_point.column == 0 and end > start:
        end -= 1
        after = ""
    else:
        after = lines[end].encode()[outer.end_point.column :].decode("utf-8", "replace")
    before_text = lines[start].encode()[: first.start_point.column]
    whole = not before_text.strip() and _is_end(after)
    return Symbol(name=name, kind=node.type, start=start, end=end + 1, parent=parent, whole_lines=whole)


def _is_end(after: str) -> bool:
    rest = after.strip().lstrip(";,").strip()
    return not rest or rest.startswith(("//", "/*"))


def _name(node: "Node") -> str:
    if node.type in _VALUED:
        return _name_of_value(node)
    if node.type == "type_declaration":
        specs = [child for child in node.named_children if child.type in {"type_spec", "type_alias"}]
        return _text(specs[0].child_by_field_name("name")) if len(specs) == 1 else ""
    if node.type == "impl_item":
        trait, kind = node.child_by_field_name("trait"), node.child_by_field_name("type")
        return f"{_text(trait)} for {_text(kind)}" if trait else _text(kind)
    if node.type.endswith("_specifier") and node.child_by_field_name("body") is None:
        return ""
    found = node.child_by_field_name("name") or node.child_by_field_name("declarator")
    while found is not None and found.type not in _NAMES:
        inner = found.child_by_field_name("declarator") or next(
            (child for child in found.named_children if child.type in _NAMES), None
        )
        if inner is None:
            break
        found = inner
    return _text(found)


def _name_of_value(node: "Node") -> str:
    """Give the name that a function or class is bound to."""
    declarators = [child for child in node.named_children if child.type == "variable_declarator"] or [node]
    value = declarators[0].child_by_field_name("value")
    if len(declarators) != 1 or value is None or value.type not in _FUNCTIONS:
        return ""
    return _text(declarators[0].child_by_field_name("name") or declarators[0].child_by_field_name("property"))


def _qualified(node: "Node", name: str) -> tuple[str, str]:
    """Give what else than its surroundings a symbol belongs to, and its own name."""
    if node.type == "impl_item":
        return "", _text(node.child_by_field_name("type")).partition("<")[0]
    if node.type == "method_declaration" and (receiver := node.child_by_field_name("receiver")) is not None:
        kinds = [leaf for leaf in leaves(receiver) if leaf.type == "type_identifier"]
        return (_text(kinds[0]) if kinds else ""), name
    scope, _, own = name.replace("::", ".").rpartition(".")
    return scope, own


def _text(node: "Node | None") -> str:
    return "" if node is None or node.text is None else node.text.decode("utf-8", "replace")
