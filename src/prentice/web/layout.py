"""Where the boxes and lines of a dependency graph stand: a layer for each wave, from left to right.

Layers by longest path, lines over several layers led through places of their own, and the order within a layer by
barycentres (Sugiyama, Tagawa and Toda 1981). Everything is in CSS pixels.
"""

import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

BOX_WIDTH: Final = 196
BOX_HEIGHT: Final = 66
_LANE_HEIGHT: Final = 14
"""What a line takes that passes a layer."""
_ACROSS: Final = 56
_BETWEEN: Final = 16
_MARGIN: Final = 8
_SWEEPS: Final = 6
_LETTERS: Final = 23
_LINES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What a box says: its key, the name, and a line of facts below."""

    key: str
    name: str
    facts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A node with its place; `lines` is the name as it fits."""

    node: Node
    x: int
    y: int
    lines: Sequence[str]
    is_critical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A dependency: a path from the box that is needed to the one that needs it."""

    path: str
    is_critical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A drawing of a graph."""

    width: int
    height: int
    boxes: Sequence[Box]
    lines: Sequence[Line]


_Place = tuple[str, str, int]
"""A place in a layer: of a node (its key twice, 0), or of the line between two keys as it passes a layer."""


def layout(
    nodes: Sequence[Node], *, needs: Mapping[str, Collection[str]], waves: Sequence[Sequence[str]],
    critical: Sequence[str],
) -> Layout:  # fmt: skip
    """Lay out a graph without cycles; `needs` gives the keys that each key depends on, `waves` its layers."""
    layer_of = {key: number for number, wave in enumerate(waves) for key in wave}
    edges = [(need, key) for key in layer_of for need in needs.get(key, ()) if need in layer_of]
    chains = {edge: _chain(*edge, layer_of) for edge in edges}
    layers: list[list[_Place]] = [[(key, key, 0) for key in wave] for wave in waves]
    for chain in chains.values():
        for place in chain[1:-1]:
            layers[place[2]].append(place)
    _order(layers, list(chains.values()))
    tops, height = _stacked(layers)
    by_key = {node.key: node for node in nodes}
    steps = set(pairwise(critical))
    boxes = [
        Box(
            node=by_key[key], x=_left(layer), y=tops[key, key, 0], lines=_fitted(by_key[key].name),
            is_critical=key in critical,
        )
        for key, layer in layer_of.items()
    ]  # fmt: skip
    lines = [Line(path=_path(chain, tops, layer_of), is_critical=edge in steps) for edge, chain in chains.items()]
    width = _left(len(waves) - 1) + BOX_WIDTH + _MARGIN if waves else 0
    return Layout(width=width, height=height, boxes=boxes, lines=sorted(lines, key=lambda line: line.is_critical))


def _chain(need: str, key: str, layer_of: Mapping[str, int]) -> list[_Place]:
    """Give the places that a line passes, both ends included."""
    passed = [(need, key, layer) for layer in range(layer_of[need] + 1, layer_of[key])]
    return [(need, need, 0), *passed, (key, key, 0)]


def _order(layers: list[list[_Place]], chains: Sequence[Sequence[_Place]]) -> None:
    """Put the places of each layer near to what they are joined with in the layers beside it."""
    before: dict[_Place, list[_Place]] = {}
    after: dict[_Place, list[_Place]] = {}
    for chain in chains:
        for left, right in pairwise(chain):
            before.setdefault(right, []).append(left)
            after.setdefault(left, []).append(right)
    for sweep in range(_SWEEPS):
        joined, way = (before, layers) if sweep % 2 == 0 else (after, layers[::-1])
        for beside, layer in pairwise(way):
            rank = {place: (number + 0.5) / len(beside) for number, place in enumerate(beside)}
            own = {place: (number + 0.5) / len(layer) for number, place in enumerate(layer)}
            layer.sort(key=lambda place: _mean([rank[other] for other in joined.get(place, ())], own[place]))


def _mean(ranks: Sequence[float], own: float) -> float:
    return sum(ranks) / len(ranks) if ranks else own


def _stacked(layers: Sequence[Sequence[_Place]]) -> tuple[dict[_Place, int], int]:
    """Give the upper edge of each place, every layer in the middle of the drawing, and the drawing's height."""
    heights = [sum(_height(place) + _BETWEEN for place in layer) - _BETWEEN for layer in layers]
    tallest = max(heights, default=0)
    tops: dict[_Place, int] = {}
    for layer, height in zip(layers, heights, strict=True):
        y = _MARGIN + (tallest - height) // 2
        for place in layer:
            tops[place] = y
            y += _height(place) + _BETWEEN
    return tops, tallest + 2 * _MARGIN


def _height(place: _Place) -> int:
    return BOX_HEIGHT if place[0] == place[1] else _LANE_HEIGHT


def _left(layer: int) -> int:
    return _MARGIN + layer * (BOX_WIDTH + _ACROSS)


def _path(chain: Sequence[_Place], tops: Mapping[_Place, int], layer_of: Mapping[str, int]) -> str:
    """Draw a line through its places: level past each layer, bent between them."""
    x, y = _left(layer_of[chain[0][0]]) + BOX_WIDTH, tops[chain[0]] + BOX_HEIGHT // 2
    path = [f"M{x} {y}"]
    for place in chain[1:]:
        is_end = place[0] == place[1]
        to_x = _left(layer_of[place[0]] if is_end else place[2])
        to_y = tops[place] + _height(place) // 2
        # The arrow's head takes the last pixels.
        end = to_x - 7 if is_end else to_x
        path.append(f"C{x + _ACROSS // 2} {y} {end - _ACROSS // 2} {to_y} {end} {to_y}")
        x, y = to_x, to_y
        if not is_end:
            x += BOX_WIDTH
            path.append(f"H{x}")
    return " ".join(path)


def _fitted(name: str) -> list[str]:
    return textwrap.wrap(name, _LETTERS, max_lines=_LINES, placeholder="…") or [name[:_LETTERS]]
