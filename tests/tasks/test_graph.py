import itertools
import time
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from prentice.tasks.graph import Graph

NODES = st.sampled_from("abcdefg")
EDGES = st.dictionaries(NODES, st.lists(st.sampled_from("abcdefgXY"), max_size=5), max_size=7)


def reachable(needs: Mapping[str, list[str]], node: str) -> set[str]:
    """Give what a node needs, near and far, by following every edge again and again."""
    found: set[str] = set()
    for _ in needs:
        found |= {need for one in {node, *found} for need in needs[one] if need in needs}
    return found


def chains(needs: Mapping[str, list[str]]) -> list[tuple[str, ...]]:
    """Give every chain of an acyclic graph, first node first."""
    every: list[tuple[str, ...]] = [(node,) for node in needs]
    grown = every
    while grown:
        grown = [(need, *chain) for chain in grown for need in set(needs[chain[0]]) if need in needs]
        every = every + grown
    return every


@given(EDGES)
def test_cycles_are_the_nodes_that_reach_each_other_and_themselves(edges: dict[str, list[str]]) -> None:
    reach = {node: reachable(edges, node) for node in edges}
    naive = {
        frozenset(other for other in edges if other in reach[node] and node in reach[other])
        for node in edges
        if node in reach[node]
    }
    found = Graph.of(edges.items()).cycles()
    assert {frozenset(cycle) for cycle in found} == naive
    assert all(len(set(cycle)) == len(cycle) for cycle in found)


@given(EDGES)
def test_unknown_needs_are_kept_apart_from_known_ones(edges: dict[str, list[str]]) -> None:
    graph = Graph.of(edges.items())
    assert set(graph.needs) == set(edges)
    for node, needs in edges.items():
        assert set(graph.needs[node]) == set(needs) & set(edges)
        assert set(graph.unknown.get(node, ())) == set(needs) - set(edges)


@given(EDGES)
def test_each_wave_needs_only_earlier_ones_and_begins_as_early_as_it_can(edges: dict[str, list[str]]) -> None:
    waves = Graph.of(edges.items()).waves()
    behind_a_cycle = {n for n in edges if any(m in reachable(edges, m) for m in {n, *reachable(edges, n)})}
    placed = {node: number for number, wave in enumerate(waves) for node in wave}
    assert set(placed) == set(edges) - behind_a_cycle
    for node, number in placed.items():
        assert number == max((placed[need] + 1 for need in edges[node] if need in edges), default=0)


@given(EDGES, st.dictionaries(NODES, st.integers(0, 9).map(float)))
def test_no_chain_outweighs_the_critical_path(edges: dict[str, list[str]], weight: dict[str, float]) -> None:
    graph = Graph.of(edges.items())
    path = graph.critical_path(weight)
    if graph.cycles() or not edges:
        assert path == ()
        return
    assert all(before in edges[after] for before, after in itertools.pairwise(path))
    assert sum(weight.get(n, 0.0) for n in path) == max(sum(weight.get(n, 0.0) for n in c) for c in chains(edges))


@given(EDGES)
def test_dependents_are_the_edges_turned_around(edges: dict[str, list[str]]) -> None:
    wanted_by = Graph.of(edges.items()).dependents()
    assert {(need, node) for need, nodes in wanted_by.items() for node in nodes} == {
        (need, node) for node, needs in edges.items() for need in needs if need in edges
    }
    assert all(len(nodes) == len(set(nodes)) for nodes in wanted_by.values())


def test_a_repeated_node_adds_its_needs_to_the_first() -> None:
    graph = Graph.of([("a", ["b"]), ("b", []), ("a", ["c"]), ("c", [])])
    assert graph.needs == {"a": ("b", "c"), "b": (), "c": ()}


def test_a_node_that_needs_itself_is_a_cycle_of_one() -> None:
    graph = Graph.of([("a", ["a"]), ("b", ["a"]), ("c", [])])
    assert graph.cycles() == [("a",)]
    assert graph.waves() == [("c",)]
    assert graph.critical_path({}) == ()


def test_a_node_without_a_name_is_a_node() -> None:
    assert Graph.of([("", []), ("a", [""])]).critical_path({"": 1.0, "a": 1.0}) == ("", "a")


def test_a_chain_of_fifty_thousand_and_a_ring_of_it_need_no_deep_stack() -> None:
    length = 50_000
    chain = Graph.of((str(number), [str(number + 1)] if number + 1 < length else []) for number in range(length))
    ring = Graph.of((str(number), [str((number + 1) % length)]) for number in range(length))
    began = time.process_time()
    assert chain.cycles() == []
    assert len(chain.waves()) == length
    assert len(chain.critical_path({str(n): 1.0 for n in range(length)})) == length
    assert [len(cycle) for cycle in ring.cycles()] == [length]
    assert time.process_time() - began < 10, "linear work takes a fraction of a second"


def test_a_ladder_has_no_cycle_although_its_paths_double_with_every_rung() -> None:
    ladder = [(f"{side}{n}", [f"l{n - 1}", f"r{n - 1}"] if n else []) for n in range(5_000) for side in "lr"]
    began = time.process_time()
    graph = Graph.of(ladder)
    assert graph.cycles() == []
    assert len(graph.critical_path({})) > 0
    assert time.process_time() - began < 5
