import re
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from prentice.tasks.drawing import DEEPEST, Drawing
from prentice.tasks.todolist import TodoList

NODES = st.sampled_from("abcdefg")
EDGES = st.dictionaries(NODES, st.lists(st.sampled_from("abcdefgX"), max_size=5), max_size=7)


def drawing(edges: dict[str, list[str]], *, task: str = "", closed: bool = False, **status: str) -> Drawing:
    todos: list[dict[str, Any]] = [
        {"id": id_, "name": f"do {id_}", "dependencies": needs, "status": status.get(id_, "Todo")}
        for id_, needs in edges.items()
    ]
    return Drawing.of(TodoList({"todos": todos}), task=task, closed=closed)


def named(name: str) -> Drawing:
    return Drawing.of(TodoList({"todos": [{"id": "T-1", "name": name}]}))


def test_a_tree_shows_what_each_task_depends_on_and_unfolds_a_task_once() -> None:
    assert list(drawing({"leaf": [], "mid": ["leaf"], "top": ["leaf", "mid"], "other": []}).tree()) == [
        "top do top (Todo)",
        "├── leaf do leaf (Todo)",
        "└── mid do mid (Todo)",
        "    └── leaf do leaf (Todo) (above)",
        "other do other (Todo)",
    ]


def test_rings_are_drawn_from_their_first_task_and_marked_where_they_close() -> None:
    assert list(drawing({"a": ["b"], "b": ["a"], "self": ["self"]}).tree()) == [
        "self do self (Todo)",
        "└── self do self (Todo) (cycle)",
        "a do a (Todo)",
        "└── b do b (Todo)",
        "    └── a do a (Todo) (cycle)",
    ]


def test_closed_tasks_are_drawn_only_when_asked_for_or_named() -> None:
    edges = {"top": ["done", "open"], "done": ["open"], "open": []}
    assert list(drawing(edges, done="Done").tasks) == ["top", "open"]
    assert drawing(edges, done="Done", closed=True).edges == [("top", "done"), ("top", "open"), ("done", "open")]
    assert drawing(edges, task="done", done="Done").edges == [("done", "open")]


def test_a_named_task_stands_first_with_all_it_depends_on_and_nothing_else() -> None:
    found = drawing({"far": [], "near": ["far"], "user": ["x"], "x": ["near", "gone"], "apart": []}, task="x")
    assert found.document() == {
        "nodes": [{"id": id_, "name": f"do {id_}", "status": "Todo"} for id_ in ("x", "far", "near")],
        "edges": [["x", "near"], ["near", "far"]],
    }


@given(EDGES)
def test_a_tree_has_a_line_for_each_edge_and_each_root_and_unfolds_every_task(edges: dict[str, list[str]]) -> None:
    found = drawing(edges)
    lines = list(found.tree())
    roots = [line for line in lines if not line.startswith(("├", "└", "│", " "))]
    assert len(lines) == len(found.edges) + len(roots)
    unfolded = [re.sub(r"^[│├└─ ]*", "", line).split()[0] for line in lines if line.endswith("(Todo)")]
    assert sorted(unfolded) == sorted(edges)


def test_what_is_too_deep_continues_at_the_margin_so_that_ten_thousand_in_a_row_stay_readable() -> None:
    length = 10_000
    began = time.process_time()
    lines = list(drawing({str(n): [str(n + 1)] if n + 1 < length else [] for n in range(length)}).tree())
    assert time.process_time() - began < 10
    assert max(len(line) for line in lines) < 4 * DEEPEST + 60
    assert sum(line.endswith("(Todo)") for line in lines) == length
    cut = lines.index(f"{'    ' * (DEEPEST - 1)}└── {DEEPEST} do {DEEPEST} (Todo) (below)")
    assert lines[cut + 1] == f"{DEEPEST} do {DEEPEST} (Todo)"


def test_a_ladder_whose_paths_double_with_every_rung_is_drawn_once() -> None:
    rungs = {f"{side}{n}": [f"l{n + 1}", f"r{n + 1}"] if n < 999 else [] for n in range(1000) for side in "lr"}
    assert len(list(drawing(rungs).tree())) < 5000


@given(st.text(max_size=30))
def test_any_name_is_one_line_and_one_label_in_every_format(name: str) -> None:
    found = named(name)
    [line] = found.tree()
    assert line.isprintable()
    [label] = [dot for dot in found.dot() if "label=" in dot]
    quoted = re.fullmatch(r'  n0 \[label="((?:[^"\\]|\\["\\])*)"\];', label)
    assert quoted
    assert re.sub(r"\\(.)", r"\1", quoted[1]).replace("&amp;", "&") == line
    _, mermaid = found.mermaid()
    inner = re.fullmatch(r'  n0\["([^"\[\]<>&`;]*(?:#\d+;[^"\[\]<>&`;]*)*)"\]', mermaid)
    assert inner
    assert re.sub(r"#(\d+);", lambda code: chr(int(code[1])), inner[1]) == line


def test_entities_and_escapes_in_a_name_are_shown_as_they_were_written() -> None:
    assert '  n0 [label="T-1 &amp;lt; \\\\N (Todo)"];' in named("&lt; \\N").dot()
    assert '  n0["T-1 #38;lt#59; #35;34#59; #96;x#96; (Todo)"]' in named("&lt; #34; `x`").mermaid()


def test_graphviz_and_mermaid_draw_arrows_from_a_task_to_what_it_depends_on() -> None:
    found = drawing({"a": ["b"], "b": []})
    assert list(found.dot())[0::5] == ["digraph tasks {", "  n0 -> n1;"]
    assert list(found.mermaid()) == [
        "flowchart LR",
        '  n0["a do a (Todo)"]',
        '  n1["b do b (Todo)"]',
        "  n0 --> n1",
    ]
