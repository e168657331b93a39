r"""Graphs and expressions as formulas: traces and norms where graphs are cycles, index sums elsewhere.

>>> from sgdmoments.graphs.query import hadamard, matrix, trace
>>> A, S = matrix("W1", "m", "n"), matrix("Sigma", "n", "n", symmetric=True)
>>> print(expression_latex(trace(A.T @ A @ S) + 2 * trace(A.T @ A @ A.T @ A)))
\operatorname{tr}(W_{1}^{\top} W_{1} \Sigma) + 2 \lVert W_{1}^{\top} W_{1}\rVert_F^{2}
>>> print(expression_text(trace(hadamard(A, A) @ A.T) * trace(A @ A.T) ** 2))
||W1||^4 sum_{i,j} W1[i,j]^3
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import groupby

from sgdmoments.graphs.canonical import Part
from sgdmoments.graphs.derived import definition
from sgdmoments.graphs.graph import IndexGraph
from sgdmoments.graphs.graph_sum import GraphSum
from sgdmoments.graphs.labels import BATCH, Label, Word, open_number
from sgdmoments.show.notation import Latex, Text

Notation = Latex | Text

LATEX, TEXT = Latex(), Text()


def graph_latex(graph: IndexGraph) -> str:
    """One connected graph as LaTeX."""
    return expression_latex(GraphSum({(graph,): 1}))


def graph_text(graph: IndexGraph) -> str:
    """One connected graph as plain text."""
    return expression_text(GraphSum({(graph,): 1}))


def expression_latex(expression: GraphSum, limit: int | None = None) -> str:
    """An expression as LaTeX, coefficients factored.

    Args:
        expression: any expression; with open ends 0 and 1 it is shown as a sum of matrix products where possible.
        limit: show this many terms and say how many are left.
    """
    return _expression(expression, LATEX, limit, lambda n: f"\\cdots\\ (\\text{{{_more(n)}}})")


def expression_text(expression: GraphSum, limit: int | None = None) -> str:
    """An expression as plain text; W1' is the transpose of W1. Arguments as for `expression_latex`."""
    return _expression(expression, TEXT, limit, lambda n: f"... ({_more(n)})")


def _more(count: int) -> str:
    return f"{count} more term{'s' * (count > 1)}"


def definitions_latex(expression: GraphSum) -> tuple[str, ...]:
    """What the derived letters of an expression stand for, as LaTeX equations."""
    return _definitions(expression, LATEX, expression_latex)


def definitions_text(expression: GraphSum) -> tuple[str, ...]:
    """What the derived letters of an expression stand for, as plain text."""
    return _definitions(expression, TEXT, expression_text)


def _definitions(expression: GraphSum, notation: Notation, show: Callable[[GraphSum], str]) -> tuple[str, ...]:
    found = []
    for label in sorted(expression.labels):
        meaning = definition(label)
        if meaning is not None:
            found.append(f"{notation.letter(label)} = {show(meaning)}")
    return tuple(found)


def _expression(expression: GraphSum, notation: Notation, limit: int | None,
                rest: Callable[[int], str]) -> str:
    ends = expression.open_ends
    if ends == (0, 1) or ends == (0,):  # products of matrices, where every term is one
        opened = [graph for graph in expression.graphs if graph.open_ends]
        if all(_chain(graph, 1, notation) for graph in opened):
            ends = ()
    shown: list[str] = []
    terms = list(expression.terms())
    for monomial, coefficient in terms[:limit]:
        averaged = sum(d == BATCH for graph in monomial for d in graph.dimensions)
        negative, factor = notation.coefficient(coefficient, averaged)
        powers = sorted(Counter(monomial).items(), key=lambda item: bool(item[0].branching))
        factors = [factor] if factor or not powers else []
        for k, (graph, power) in enumerate(powers, 1):
            text, is_sum = _graph(graph, power, ends, notation)
            factors.append(notation.grouped(text, 1) if is_sum and k < len(powers) else text)
        body = " ".join(factors) or "1"
        shown.append(f"{' - ' if negative else ' + '}{body}" if shown else f"{'-' * negative}{body}")
    if limit is not None and len(terms) > limit:
        shown.append(f"{' + ' * bool(shown)}{rest(len(terms) - limit)}")
    return "".join(shown) or "0"


def _graph(graph: IndexGraph, power: int, ends: tuple[int, ...], notation: Notation) -> tuple[str, bool]:
    """The formula of a graph (the factors 1/b of batch vertices left out), and whether it begins with a sum.

    ends: the open ends that are shown as indices.
    """
    if graph.is_trace:
        return _closed(graph.parts[0][0], power, notation), False
    chain = None if set(ends) & set(graph.open_ends) else _chain(graph, power, notation)
    return (chain, False) if chain else _index_sum(graph, power, ends, notation)


# -- cycles -------------------------------------------------------------------------------------------------


def _closed(word: Word, power: int, notation: Notation) -> str:
    """A trace; a squared norm where the word is w wᵀ."""
    turns = [way[k:] + way[:k] for way in (word, _reverse(word)) for k in range(len(word))]
    half = len(word) // 2
    halves = [turn[half:] for turn in turns if len(word) % 2 == 0 and turn[:half] == _reverse(turn[half:])]
    if halves:
        return notation.norm(_word(min(halves, key=_untidy), notation), power)
    return notation.trace(_word(min(turns, key=_untidy), notation), power)


def _reverse(word: Word) -> Word:
    return tuple(letter.T for letter in reversed(word))


def _untidy(word: Word) -> tuple[int, int, int, int, Word]:
    """Orders the ways to write one word: few transposed letters, powers kept whole, transposed letters first,
    derived ones last."""
    transposed = [letter.transposed for letter in word]
    blocks = sum(1 for _ in groupby(word)) + (word[0] == word[-1])
    first = sum(k for k, letter in enumerate(word) if letter.transposed)
    last = -sum(k for k, letter in enumerate(word) if letter.kind == "derived")
    return sum(transposed), blocks, first, last, word


def _word(word: Word, notation: Notation) -> str:
    """A product of matrices; repeated letters and repeated pairs as powers."""
    for size in range(2, len(word) // 2 + 1):
        if len(word) % size == 0 and word == word[:size] * (len(word) // size) and len(set(word)) > 1:
            return notation.bracketed(_word(word[:size], notation), len(word) // size)
    return " ".join(notation.letter(letter, len(list(run))) for letter, run in groupby(word))


# -- chains -------------------------------------------------------------------------------------------------


def _chain(graph: IndexGraph, power: int, notation: Notation) -> str | None:
    """A product of matrices between open ends 0 and 1, or between vectors; None for any other graph."""
    if any(len(ends) > 2 for _, ends in graph.parts):
        return None
    tips = [part for part in graph.parts if len(part[1]) == 1]
    chains = [part for part in graph.parts if len(part[1]) == 2]
    if graph.branching == 1 and not chains and len(tips) == 2:
        return _between(tips[0], (), tips[1], power, notation)
    if graph.branching == 2 and len(chains) == 1 and len(tips) == 2 and tips[0][1] != tips[1][1]:
        (word, ends), = chains
        if ends[0] == ends[1]:
            return None
        first, second = (tips if tips[0][1][0] == ends[0] else tips[::-1])
        return _between(first, word, second, power, notation)
    return None


def _between(first: Part, word: Word, second: Part, power: int, notation: Notation) -> str | None:
    """The chain from one unary label to another."""
    a, b = first[0][0], second[0][0]
    numbers = [open_number(label) for label in (a, b) if label.kind == "open"]
    if len(numbers) == 2:
        if sorted(numbers) != [0, 1] or power > 1:
            return None
        inner = word if numbers == [0, 1] else _reverse(word)
        return _word(inner, notation) if inner else notation.identity()
    if len(numbers) == 1:
        if numbers != [0] or power > 1:
            return None
        inner, v = (word, b) if a.kind == "open" else (_reverse(word), a)
        return f"{_word(inner, notation)} {notation.letter(v)}" if inner else notation.letter(v)
    half = len(word) // 2
    if a == b and word == _reverse(word) and len(word) % 2 == 0:
        return notation.vector_norm(" ".join(filter(None, (_word(word[half:], notation), notation.letter(b)))), power)
    left, inner, right = min((a, word, b), (b, _reverse(word), a),
                             key=lambda way: (_untidy(way[1])[:4] if way[1] else (), way))
    middle = _word(inner, notation) if inner else ""
    body = " ".join(filter(None, (_row(left, notation), middle, notation.letter(right))))
    return body if power == 1 else notation.bracketed(body, power)


def _row(label: Label, notation: Notation) -> str:
    """The row vector of a unary label."""
    return notation.letter(label) + ("^{\\top}" if isinstance(notation, Latex) else "'")


# -- everything else ----------------------------------------------------------------------------------------

_LETTERS = "ijklmnqrs"


def _index_sum(graph: IndexGraph, power: int, ends: tuple[int, ...], notation: Notation) -> tuple[str, bool]:
    """Σ over the branching vertices of entries of chains; the chains between them are matrix products."""
    held: dict[int, list[int]] = {}
    for word, tips in graph.parts:
        if word[0].kind == "open":
            held.setdefault(tips[0], []).append(open_number(word[0]))
    names, deltas = _names(graph, held, ends or graph.open_ends, notation)
    factors: list[str] = []
    for (word, tips), same in groupby(_oriented(graph)):
        indices = [names[v] for v in tips]
        factors.append(notation.entry(_word(word, notation), indices, len(list(same)), len(word) == 1))
    summed = [names[v] for v in range(graph.branching) if v not in held]
    body = notation.total(summed, " ".join(factors + deltas) or "1")
    return (notation.grouped(body, power), False) if power > 1 else (body, bool(summed))


def _names(graph: IndexGraph, held: dict[int, list[int]], ends: tuple[int, ...],
           notation: Notation) -> tuple[dict[int, str], list[str]]:
    """A name for each branching vertex (open indices first, in the order of `ends`), and deltas between names."""
    names: dict[int, str] = {}
    deltas: list[str] = []
    for v, numbers in held.items():
        own = [_name(ends.index(number), notation) for number in sorted(numbers)]
        names[v] = own[0]
        deltas += [notation.delta(own[0], other) for other in own[1:]]
    used, batches = len(ends), 0
    for v in range(graph.branching):
        if v in names:
            continue
        if graph.dimensions[v] == BATCH:
            names[v] = notation.index("mu", batches)
            batches += 1
        else:
            names[v] = _name(used, notation)
            used += 1
    return names, deltas


def _name(place: int, notation: Notation) -> str:
    return notation.index(_LETTERS[place % len(_LETTERS)], place // len(_LETTERS))


def _oriented(graph: IndexGraph) -> list[Part]:
    """The parts but for open ends; chains in the direction with fewer transposed letters."""
    parts = []
    for word, ends in graph.parts:
        if word[0].kind == "open":
            continue
        if len(ends) == 2 and _untidy(_reverse(word))[:1] < _untidy(word)[:1]:
            word, ends = _reverse(word), ends[::-1]
        parts.append((word, ends))
    return sorted(parts, key=lambda part: (len(part[1]) == 1, len(part[0]), part))
