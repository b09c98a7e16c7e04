"""The dependency graph of tasks or of a plan: cycles, unknown ids, what is ready, waves, the critical path.

Nodes are ids; an edge goes from a task to one it depends on. Every question is answered in time linear in nodes and
edges, without recursion (Tarjan 1972 for cycles, Kahn 1962 for the order).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True)
class Graph:
    """Dependencies by node, in the order given. Edges to nodes that do not exist are kept apart in `unknown`."""

    needs: Mapping[str, tuple[str, ...]]
    unknown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, edges: Iterable[tuple[str, Sequence[str]]]) -> Self:
        """Build from (node, its dependencies); a repeated node adds its dependencies to the first."""
        merged: dict[str, dict[str, None]] = {}
        for node, needs in edges:
            merged.setdefault(node, {}).update(dict.fromkeys(needs))
        known = {node: tuple(need for need in needs if need in merged) for node, needs in merged.items()}
        unknown = {
            node: missing for node, needs in merged.items() if (missing := tuple(n for n in needs if n not in merged))
        }
        return cls(known, unknown)

    def cycles(self) -> list[tuple[str, ...]]:
        """Give each strongly connected component of more than one node, and each node that needs itself."""
        return [part for part in self._components() if len(part) > 1 or part[0] in self.needs[part[0]]]

    def waves(self) -> list[tuple[str, ...]]:
        """Give the nodes in layers: each layer needs only earlier ones. Nodes on or behind a cycle are left out."""
        open_needs = {node: len(set(needs)) for node, needs in self.needs.items()}
        wanted_by = self.dependents()
        layer = [node for node, count in open_needs.items() if not count]
        layers: list[tuple[str, ...]] = []
        while layer:
            layers.append(tuple(layer))
            following: list[str] = []
            for node in layer:
                for dependent in wanted_by[node]:
                    open_needs[dependent] -= 1
                    if not open_needs[dependent]:
                        following.append(dependent)
            layer = following
        return layers

    def critical_path(self, weight: Mapping[str, float]) -> tuple[str, ...]:
        """Give the chain of dependencies with the greatest total weight, first node first; empty with a cycle."""
        longest: dict[str, float] = {}
        before: dict[str, str] = {}
        for layer in self.waves():
            for node in layer:
                best = max(self.needs[node], key=lambda need: longest[need], default=None)
                if best is not None:
                    before[node] = best
                longest[node] = weight.get(node, 0.0) + (longest[best] if best is not None else 0.0)
        if len(longest) < len(self.needs) or not longest:
            return ()
        path = [max(longest, key=lambda node: longest[node])]
        while path[-1] in before:
            path.append(before[path[-1]])
        return tuple(reversed(path))

    def dependents(self) -> dict[str, list[str]]:
        """Give for each node those that need it."""
        wanted_by: dict[str, list[str]] = {node: [] for node in self.needs}
        for node, needs in self.needs.items():
            for need in dict.fromkeys(needs):
                wanted_by[need].append(node)
        return wanted_by

    def _components(self) -> list[tuple[str, ...]]:
        """Find strongly connected components (Tarjan, with an explicit stack instead of recursion)."""
        index: dict[str, int] = {}
        low: dict[str, int] = {}
        stack: list[str] = []
        on_stack: set[str] = set()
        found: list[tuple[str, ...]] = []
        for root in self.needs:
            if root in index:
                continue
            work = [(root, iter(self.needs[root]))]
            index[root] = low[root] = len(index)
            stack.append(root)
            on_stack.add(root)
            while work:
                node, rest = work[-1]
                for need in rest:
                    if need not in index:
                        index[need] = low[need] = len(index)
                        stack.append(need)
                        on_stack.add(need)
                        work.append((need, iter(self.needs[need])))
                        break
                    if need in on_stack:
                        low[node] = min(low[node], index[need])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[node])
                    if low[node] == index[node]:
                        part: list[str] = []
                        while not part or part[-1] != node:
                            part.append(stack.pop())
                            on_stack.discard(part[-1])
                        found.append(tuple(reversed(part)))
        return found
