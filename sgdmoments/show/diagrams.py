"""Pictures of index graphs and of derivations, as SVG text.

A vertex (an index that is summed) is a dot, a vertex of the batch a square, an entry of a matrix an arrow from its
row index to its column index with the name of the matrix; a vector is a stub with a name, an open index a stub
with an empty circle, a tensor a box with a line to each of its indices. A trace is a ring.

>>> from sgdmoments.graphs.query import matrix, squared_norm
>>> picture = graph_svg(squared_norm(matrix("A", "m", "n")).graphs[0])
>>> picture.startswith("<svg"), picture.count("<polygon")       # two arrows between two dots
(True, 2)
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import hypot
from typing import TYPE_CHECKING, Any

from sgdmoments.exact.ring import Polynomial
from sgdmoments.graphs.graph import IndexGraph, Monomial
from sgdmoments.graphs.graph_sum import GraphSum
from sgdmoments.graphs.labels import BATCH, Dimension, Edge, Label, open_number
from sgdmoments.reading import read_integer
from sgdmoments.show.graph_latex import TEXT, expression_text, graph_text
from sgdmoments.show.layout import Point, ring, spread
from sgdmoments.show.svg import GREY, INK, Picture, arrow, curve, dot, label, square, text_width

if TYPE_CHECKING:
    import networkx as nx

#: The parts of an edge, and points with the room that they need to both sides.
Drawn = tuple[list[str], list[tuple[Point, float]]]

#: Half the length of an edge, in pixels.
UNIT = 30.0
MARGIN = 24.0
COLOURS = {"matrix": "#1864ab", "teacher": "#c2410c", "data": "#2b8a3e", "derived": "#7048a8", "weights": "#1864ab",
           "gradient": "#a61e4d", "open": GREY}


def graph_svg(graph: IndexGraph) -> str:
    """One connected graph as SVG."""
    return _graph_picture(graph).svg(graph_text(graph))


def monomial_svg(monomial: Monomial) -> str:
    """A product of graphs as SVG, side by side."""
    return expression_svg(GraphSum({monomial: 1}))


def expression_svg(expression: GraphSum, limit: int = 12, width: float = 900) -> str:
    """A sum of products of graphs as SVG: each term its coefficient and its graphs.

    Args:
        limit: at most this many terms are drawn; the number of the others is said.
        width: where a new line begins, in pixels.
    """
    limit = read_integer(limit, "limit", 1, "the number of terms is an integer >= 1")
    terms = list(expression.terms())
    pieces: list[Picture] = []
    for k, (monomial, coefficient) in enumerate(terms[:limit]):
        pieces.append(_row([_coefficient_picture(coefficient, monomial, first=not k),
                            *map(_graph_picture, monomial)]))
    if len(terms) > limit:
        pieces.append(_words(f"+ ... ({len(terms) - limit} more)"))
    lines: list[list[Picture]] = [[]]
    for piece in pieces or [_words("0")]:
        if lines[-1] and sum(p.width for p in lines[-1]) + piece.width > width:
            lines.append([])
        lines[-1].append(piece)
    return _column([_row(line) for line in lines]).svg(expression_text(expression, limit))


def _words(text: str) -> Picture:
    size = 15.0
    return Picture(text_width(text, size) + 12, 30, (label((6, 15), text, size, anchor="start"),))


def _coefficient_picture(coefficient: Polynomial, monomial: Monomial, first: bool) -> Picture:
    negative, text = TEXT.coefficient(coefficient, 0)
    sign = "- " if negative else "" if first else "+ "
    return _words((sign + (text or ("" if monomial else "1"))).strip())


def _row(pictures: Sequence[Picture]) -> Picture:
    height = max(p.height for p in pictures)
    parts, x = [], 0.0
    for picture in pictures:
        parts.append(picture.at(x, (height - picture.height) / 2))
        x += picture.width
    return Picture(x, height, tuple(parts))


def _column(pictures: Sequence[Picture]) -> Picture:
    parts, y = [], 0.0
    for picture in pictures:
        parts.append(picture.at(0, y))
        y += picture.height
    return Picture(max(p.width for p in pictures), y, tuple(parts))


# -- one graph ----------------------------------------------------------------------------------------------


def _graph_picture(graph: IndexGraph) -> Picture:
    """Every edge has a node of its own at its middle, so that parallel edges come apart by themselves."""
    vertices, edges = graph.vertices, graph.edges
    if graph.is_trace:
        middle = ring(2 * vertices, UNIT * max(1.0, vertices / 2.9))
        raw = [middle[2 * k] for k in range(vertices)] + [middle[2 * k + 1] for k in range(vertices)]
    else:
        links = [(end, vertices + k) for k, edge in enumerate(edges) for end in edge[1:]]
        raw = [(UNIT * x, UNIT * y) for x, y in spread(vertices + len(edges), links, light=len(edges))]
        _fan_out(raw, vertices, edges)
    centre = (sum(x for x, _ in raw) / len(raw), sum(y for _, y in raw) / len(raw))
    parts: list[str] = []
    reach: list[tuple[Point, float]] = [(point, 8.0) for point in raw[:vertices]]
    for k, edge in enumerate(edges):
        ends = [raw[v] for v in edge[1:]]
        drawn, around = _edge(edge, ends, raw[vertices + k], centre)
        parts += drawn
        reach += around
    for v in range(vertices):
        parts.append(_vertex(raw[v], graph.dimensions[v]))
    left = min(x - r for (x, _), r in reach) - MARGIN / 2
    right = max(x + r for (x, _), r in reach) + MARGIN / 2
    top = min(y for (_, y), _ in reach) - MARGIN
    bottom = max(y for (_, y), _ in reach) + MARGIN
    moved = Picture(0, 0, tuple(parts)).at(-left, -top)
    return Picture(right - left, bottom - top, (moved,))


def _fan_out(raw: list[Point], vertices: int, edges: Sequence[Edge]) -> None:
    """Put the middles of parallel edges at equal distances across the line between their ends."""
    groups: dict[tuple[int, int], list[int]] = {}
    for k, edge in enumerate(edges):
        if len(edge) == 3 and edge[1] != edge[2]:
            groups.setdefault((min(edge[1:]), max(edge[1:])), []).append(k)
    for (v, w), group in groups.items():
        (ax, ay), (bx, by) = raw[v], raw[w]
        length = hypot(bx - ax, by - ay) or 1.0
        for k, i in enumerate(group if len(group) > 1 else ()):
            shift = 0.9 * UNIT * (k - (len(group) - 1) / 2) / length
            raw[vertices + i] = ((ax + bx) / 2 - shift * (by - ay), (ay + by) / 2 + shift * (bx - ax))


def _vertex(point: Point, dimension: Dimension) -> str:
    if dimension == BATCH:
        return square(point, 9, "#ffffff", COLOURS["data"], "an index of the batch")
    return dot(point, 4, INK, title=f"an index of dimension {dimension}")


def _edge(edge: Edge, ends: Sequence[Point], middle: Point, centre: Point) -> Drawn:
    letter: Label = edge[0]
    colour = COLOURS["teacher" if letter.name.endswith("*") else letter.kind]
    if len(ends) == 1:
        return _stub(letter, ends[0], middle, colour)
    if len(ends) > 2:
        name = square(middle, 20, "#f1f3f5", colour) + label(middle, letter.name, 11, colour)
        spokes = [curve((middle, end), colour, 1.4) + label(_between(middle, end, 0.55), str(i), 8, GREY, halo=True)
                  for i, end in enumerate(ends, 1)]
        return [*spokes, name], [(middle, 14.0)]
    start, end = ends
    if edge[1] == edge[2]:
        return _loop(letter, start, middle, colour)
    control = (2 * middle[0] - (start[0] + end[0]) / 2, 2 * middle[1] - (start[1] + end[1]) / 2)
    direction = (end[0] - start[0], end[1] - start[1])
    place = _label_place(middle, direction, centre, text_width(letter.name, 13))
    line = curve((start, control, end), colour)
    return [line, arrow(middle, direction, colour), label(place, letter.name, 13, colour)], [
        (place, text_width(letter.name, 13) / 2), (middle, 4.0)]


def _stub(letter: Label, end: Point, tip: Point, colour: str) -> Drawn:
    tip = _between(end, tip, min(1.0, 0.8 * UNIT / (hypot(tip[0] - end[0], tip[1] - end[1]) or 1)))
    beyond = _between(end, tip, 1.4)
    if letter.kind == "open":
        name = "ijklmnqrs"[open_number(letter) % 9]
        return [curve((end, tip), colour, 1.4, dashed=True), dot(tip, 3.5, "#ffffff", colour),
                label(beyond, name, 12, GREY, italic=True)], [(beyond, 8.0)]
    return ([curve((end, tip), colour), square(tip, 6, colour, colour), label(beyond, letter.name, 13, colour)],
            [(beyond, text_width(letter.name, 13) / 2)])


def _loop(letter: Label, vertex: Point, middle: Point, colour: str) -> Drawn:
    dx, dy = middle[0] - vertex[0], middle[1] - vertex[1]
    if not hypot(dx, dy):
        dx, dy = UNIT, 0.0
    far = [(vertex[0] + 1.33 * dx - side * dy, vertex[1] + 1.33 * dy + side * dx) for side in (-0.8, 0.8)]
    tip = (vertex[0] + dx, vertex[1] + dy)
    beyond = (vertex[0] + 1.4 * dx, vertex[1] + 1.4 * dy)
    line = curve((vertex, *far, vertex), colour)
    return ([line, arrow(tip, (-dy, dx), colour), label(beyond, letter.name, 13, colour)],
            [(beyond, text_width(letter.name, 13) / 2)])


def _between(a: Point, b: Point, part: float) -> Point:
    return a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])


def _label_place(middle: Point, direction: Point, centre: Point, width: float) -> Point:
    """Beside the middle of an edge, on the side away from the centre of the drawing (above where it is neither)."""
    length = hypot(*direction) or 1.0
    normal = (-direction[1] / length, direction[0] / length)
    side = normal[0] * (middle[0] - centre[0]) + normal[1] * (middle[1] - centre[1])
    if abs(side) < 1:
        side = -normal[1]
    sign = 1 if side > 0 else -1
    return middle[0] + sign * (8 + width / 2) * normal[0], middle[1] + sign * 14 * normal[1]


# -- derivations --------------------------------------------------------------------------------------------


def dag_svg(dag: nx.DiGraph, limit: int = 12, names: int = 34) -> str:
    """A derivation as SVG: one column for each step, latest first; arrows carry their coefficients where few.

    Args:
        dag: nodes with attributes ``level`` and ``term``, edges with ``coefficient``.
        limit: at most this many terms of a step are drawn; the number of the others is said.
        names: longer formulas are cut (the whole one is the tooltip).
    """
    levels: dict[int, list[Any]] = {}
    for node, data in dag.nodes(data=True):
        levels.setdefault(data["level"], []).append(node)
    columns = [(level, levels[level]) for level in sorted(levels, reverse=True)]
    rank: dict[Any, float] = {}
    place: dict[Any, Point] = {}
    parts: list[str] = []
    size, height, gap = 12.0, 26.0, 14.0
    x, bottom = MARGIN, 0.0
    room: dict[Any, float] = {}
    few = dag.number_of_edges() <= 30
    for level, members in columns:
        def wanted(node: Any) -> float:
            above = [rank[a] for a in dag.predecessors(node) if a in rank]
            return sum(above) / len(above) if above else 0.0

        ordered = sorted(members, key=lambda node: (wanted(node), node))
        rank.update({node: k - len(ordered) / 2 for k, node in enumerate(ordered)})
        shown = ordered[:limit]
        texts = [_cut(str(dag.nodes[node]["term"]), names) for node in shown]
        width = max([text_width(t, size) for t in texts] + [70.0]) + 16
        parts.append(label((x + width / 2, MARGIN / 2 + 4), f"t = {level}", 13, GREY))
        for k, (node, text) in enumerate(zip(shown, texts, strict=True)):
            y = 2 * MARGIN + k * (height + gap)
            place[node], room[node] = (x + width / 2, y), width
            parts.append(_box(place[node], width, height, text, str(dag.nodes[node]["term"]), size))
            bottom = max(bottom, y + height)
        if len(ordered) > limit:
            y = 2 * MARGIN + limit * (height + gap)
            parts.append(label((x + width / 2, y), f"+ {len(ordered) - limit} more", size, GREY))
            bottom = max(bottom, y + height)
        x += width + (150 if few else 90)
    lines = []
    for a, b, data in dag.edges(data=True):
        if a in place and b in place:
            start = (place[a][0] + room[a] / 2, place[a][1])
            end = (place[b][0] - room[b] / 2 - 6, place[b][1])
            bend = (end[0] - start[0]) / 2
            lines.append(curve((start, (start[0] + bend, start[1]), (end[0] - bend, end[1]), end), "#9aa5b1", 1.2)
                         + arrow(end, (1, 0), "#9aa5b1", 4))
            if few:
                lines.append(label(_between(start, end, 0.5), _cut(str(data["coefficient"]), 22), 10, GREY, halo=True))
    return Picture(x - (150 if few else 90) + MARGIN, bottom + MARGIN / 2, (*lines, *parts)).svg("derivation")


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _box(centre: Point, width: float, height: float, text: str, tip: str, size: float) -> str:
    x, y = centre[0] - width / 2, centre[1] - height / 2
    return (f'<g><title>{escape(tip)}</title><rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'rx="5" fill="#f1f3f5" stroke="#9aa5b1"/>{label(centre, text, size)}</g>')
