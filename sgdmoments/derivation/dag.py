"""The shared DAG of a derivation: terms, and the rules that turn a term at one step into terms a step earlier.

A term is anything with a key (equal terms are one node), LaTeX and a text. An edge carries the coefficient with
which the later term contains the earlier one, and the rules that made it. A term reached in many ways is
derived once: that is the difference from the tree of a proof, whose leaves double and triple with each step.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import networkx as nx

from sgdmoments.errors import InputError
from sgdmoments.exact import display
from sgdmoments.exact.ring import Polynomial
from sgdmoments.reading import read_integer, read_path, shown


class Term(Protocol):
    """A multiplicative term: a node of the DAG."""

    @property
    def key(self) -> Hashable:
        """Equal keys mean equal terms."""

    def latex(self) -> str:
        """LaTeX of the term."""


@dataclass(frozen=True, slots=True)
class Step:
    """One application of a rule: `before` equals the sum of coefficient * term over `after`."""

    level: int
    rule: str
    before: Any
    after: tuple[tuple[Polynomial, Any], ...]

    def latex(self) -> str:
        """The rule as an equation."""
        return f"{self.before.latex()} = {_sum_latex(self.after)}"


class Derivation:
    """A derivation of one quantity, from step t down to what is known before training.

    Attributes:
        question: what is derived.
        graph: networkx.DiGraph; node attributes `term`, `level` (the step t at which the term lives); edge
            attributes `coefficient` (an element of ℚ[1/b or c_b, learning rates, ...]) and `rule`.
        start: the coefficients with which the question contains the nodes it starts from.
    """

    def __init__(self, question: str) -> None:
        self.question = question
        self.graph = nx.DiGraph()
        self.start: dict[int, Polynomial] = {}
        self._number: dict[tuple[int, Hashable], int] = {}

    # -- building -------------------------------------------------------------------------------------------

    def node(self, level: int, term: Term) -> int:
        """The number of the node for a term at a step, made where it is new."""
        place = (level, term.key)
        if place not in self._number:
            self._number[place] = len(self._number)
            self.graph.add_node(self._number[place], term=term, level=level)
        return self._number[place]

    def begin(self, node: int, coefficient: Polynomial) -> None:
        """Add to the coefficient with which the question contains a node."""
        self.start[node] = self.start[node] + coefficient if node in self.start else coefficient

    def connect(self, before: int, after: int, coefficient: Polynomial, rule: str) -> None:
        """Add to the coefficient of an edge; zero edges are removed."""
        if self.graph.has_edge(before, after):
            data = self.graph.edges[before, after]
            data["coefficient"] = data["coefficient"] + coefficient
            if rule not in data["rule"]:
                data["rule"] = f"{data['rule']}; {rule}"
        else:
            self.graph.add_edge(before, after, coefficient=coefficient, rule=rule)
        if not self.graph.edges[before, after]["coefficient"]:
            self.graph.remove_edge(before, after)

    # -- reading --------------------------------------------------------------------------------------------

    def steps(self) -> Iterator[Step]:
        """The rewrites in order: latest step first."""
        for node in sorted(self.graph, key=lambda k: (-self.graph.nodes[k]["level"], k)):
            edges = list(self.graph.out_edges(node, data=True))
            if edges:
                after = tuple((data["coefficient"], self.graph.nodes[target]["term"]) for _, target, data in edges)
                rule = "; ".join(dict.fromkeys(data["rule"] for _, _, data in edges))
                yield Step(self.graph.nodes[node]["level"], rule, self.graph.nodes[node]["term"], after)

    def counts(self) -> dict[int, dict[str, int]]:
        """For each step the number of terms and of the edges that leave them."""
        table: dict[int, dict[str, int]] = {}
        for node, data in self.graph.nodes(data=True):
            row = table.setdefault(data["level"], {"terms": 0, "edges": 0})
            row["terms"] += 1
            row["edges"] += self.graph.out_degree(node)
        return dict(sorted(table.items(), reverse=True))

    @property
    def leaves(self) -> dict[int, Any]:
        """The terms of what is known before training, by node."""
        return {k: self.graph.nodes[k]["term"] for k in self.graph if self.graph.out_degree(k) == 0}

    def coefficients(self) -> dict[int, Polynomial]:
        """The coefficient of each leaf in the question: the sum over all ways down of the products of edges."""
        weight: dict[int, Polynomial] = dict(self.start)
        for node in nx.topological_sort(self.graph):
            if node not in weight:
                continue
            for _, target, data in self.graph.out_edges(node, data=True):
                share = weight[node] * data["coefficient"]
                weight[target] = weight[target] + share if target in weight else share
        return {node: weight[node] for node in self.leaves if weight.get(node)}

    def expand(self, value: Callable[[Any], Any]) -> Any:
        """The question as a sum over leaves, each term replaced by its value."""
        total: Any = 0
        for node, coefficient in self.coefficients().items():
            total = coefficient * value(self.graph.nodes[node]["term"]) + total
        return total

    def __str__(self) -> str:
        rows = [f"  t = {level}: {row['terms']} terms, {row['edges']} edges" for level, row in self.counts().items()]
        return "\n".join([f"Derivation of {self.question}", *rows])

    # -- other forms ----------------------------------------------------------------------------------------

    def latex(self, limit: int = 50) -> str:
        """The rewrites as aligned equations; at most `limit` of them."""
        limit = read_integer(limit, "limit", 0, "the number of lines is an integer >= 0")
        start = _sum_latex([(c, self.graph.nodes[k]["term"]) for k, c in self.start.items()])
        lines = [start, *(step.latex().replace(" = ", " &= ", 1) for _, step in zip(range(limit), self.steps(),
                                                                                    strict=False))]
        body = " \\\\\n".join([f"& {lines[0]}", *lines[1:]])
        return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex(limit=12)}$"

    def draw(self) -> str:
        """The DAG as SVG text, laid out in layers by step."""
        return display.svg(self)

    def _repr_svg_(self) -> str:
        return self.draw()

    def _plain(self) -> Mapping[str, Any]:
        return {
            "format": "sgdmoments.Derivation/1", "question": self.question,
            "start": [{"node": k, "coefficient": str(c)} for k, c in self.start.items()],
            "nodes": [{"node": k, "level": d["level"], "term": str(d["term"]), "latex": d["term"].latex()}
                      for k, d in self.graph.nodes(data=True)],
            "edges": [{"from": a, "to": b, "coefficient": str(d["coefficient"]), "rule": d["rule"]}
                      for a, b, d in self.graph.edges(data=True)],
        }

    def to_json(self) -> str:
        """Nodes and edges as JSON text, terms and coefficients written out."""
        return json.dumps(self._plain())

    def to_graphml(self, path: str | Path) -> None:
        """Write the DAG as GraphML, terms and coefficients as text."""
        target = read_path(path, "path")
        if not target.parent.is_dir():
            raise InputError(f"to_graphml: the folder {shown(str(target.parent))} does not exist.")
        plain = nx.DiGraph()
        for node in self._plain()["nodes"]:
            plain.add_node(node["node"], level=node["level"], term=node["term"])
        for edge in self._plain()["edges"]:
            plain.add_edge(edge["from"], edge["to"], coefficient=edge["coefficient"], rule=edge["rule"])
        try:
            nx.write_graphml(plain, target)
        except OSError as error:
            raise InputError(f"to_graphml: {shown(str(target))} cannot be written ({error.strerror}).") from None


def _sum_latex(parts: Any) -> str:
    texts = []
    for coefficient, term in parts:
        if coefficient == 1:
            texts.append(term.latex())
        else:
            scale = coefficient.latex()
            texts.append((f"\\left({scale}\\right)" if len(coefficient) > 1 else scale) + "\\," + term.latex())
    return " + ".join(texts) or "0"
