"""Where the boxes and lines of a plan's drawing stand: whatever the plan, nothing covers anything else."""

import re

from hypothesis import given
from hypothesis import strategies as st

from prentice.tasks.graph import Graph
from prentice.web.layout import BOX_HEIGHT, BOX_WIDTH, Layout, Node, layout


def drawn(needs: dict[str, tuple[str, ...]], weight: dict[str, float] | None = None) -> Layout:
    graph = Graph.of(needs.items())
    critical = graph.critical_path(weight or dict.fromkeys(needs, 1.0))
    nodes = [Node(key=key, name=f"Do {key}", facts="simple, 1 h") for key in needs]
    return layout(nodes, needs=graph.needs, waves=graph.waves(), critical=critical)


@st.composite
def plans(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    size = draw(st.integers(1, 20))
    return {
        f"k{number}": tuple(
            f"k{other}" for other in sorted(draw(st.sets(st.integers(0, number - 1), max_size=4)) if number else ())
        )
        for number in range(size)
    }


def ends(path: str) -> tuple[tuple[int, int], tuple[int, int]]:
    numbers = [int(number) for number in re.findall(r"-?\d+", path)]
    return (numbers[0], numbers[1]), (numbers[-2], numbers[-1])


@given(plans())
def test_boxes_lie_apart_inside_the_drawing_and_lines_lead_to_the_right(needs: dict[str, tuple[str, ...]]) -> None:
    drawing = drawn(needs)
    boxes = {box.node.key: box for box in drawing.boxes}
    assert boxes.keys() == needs.keys()
    for box in drawing.boxes:
        assert 0 <= box.x <= drawing.width - BOX_WIDTH
        assert 0 <= box.y <= drawing.height - BOX_HEIGHT
        for other in drawing.boxes:
            assert box is other or abs(box.x - other.x) >= BOX_WIDTH or abs(box.y - other.y) >= BOX_HEIGHT
    starts = {(box.x + BOX_WIDTH, box.y + BOX_HEIGHT // 2): key for key, box in boxes.items()}
    stops = {(box.x - 7, box.y + BOX_HEIGHT // 2): key for key, box in boxes.items()}
    found = sorted((starts[start], stops[stop]) for start, stop in (ends(line.path) for line in drawing.lines))
    assert found == sorted((need, key) for key, all_needs in needs.items() for need in all_needs)
    for need, key in found:
        assert boxes[need].x < boxes[key].x


@given(plans())
def test_a_line_passes_boxes_of_the_layers_between_above_or_below_them(needs: dict[str, tuple[str, ...]]) -> None:
    drawing = drawn(needs)
    for line in drawing.lines:
        for y, to_x in re.findall(r"(\d+) H(\d+)", line.path):
            for box in drawing.boxes:
                if box.x + BOX_WIDTH == int(to_x):
                    assert not box.y <= int(y) <= box.y + BOX_HEIGHT


def test_the_critical_path_and_its_lines_are_marked() -> None:
    drawing = drawn({"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c")}, {"a": 1, "b": 5, "c": 1, "d": 1})
    assert [box.node.key for box in drawing.boxes if box.is_critical] == ["a", "b", "d"]
    assert [line.is_critical for line in drawing.lines].count(True) == 2
    assert drawing.lines[-1].is_critical  # drawn over the others


def test_neighbours_stand_in_an_order_without_crossings_where_there_is_one() -> None:
    drawing = drawn({"a": (), "b": (), "c": (), "x": ("c",), "y": ("b",), "z": ("a",)})
    place = {box.node.key: box.y for box in drawing.boxes}
    assert (place["x"], place["y"], place["z"]) == (place["c"], place["b"], place["a"])


def test_a_name_that_is_too_long_is_cut_at_a_word() -> None:
    node = Node(key="a", name="Move every request of the upload client to the new connection pool", facts="")
    [box] = layout([node], needs={}, waves=[("a",)], critical=["a"]).boxes
    assert list(box.lines) == ["Move every request of", "the upload client to…"]
    [box] = layout([Node(key="a", name="x" * 99, facts="")], needs={}, waves=[("a",)], critical=[]).boxes
    assert all(len(line) <= 24 for line in box.lines)
