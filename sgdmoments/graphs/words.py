"""Products of words: chains and cycles of matrices, every partial product formed once.

A word is cut where its dimension is smallest, so that the pieces ("atoms") are small square matrices; equal atoms
of different words, read forwards or backwards, are one matrix. A cycle of atoms is then halved so that as many
products as possible are known already, and the last product is never formed: tr(AB) = Σ A_ij B_ji.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from sgdmoments.graphs.arithmetic import Arithmetic
from sgdmoments.graphs.labels import Dimension, Label, Word

#: A word in codes of letters and atoms.
Codes = tuple[int, ...]


class Words:
    """The products of words, memoised.

    Args:
        arithmetic: how matrices are multiplied.
        matrix: the matrix of an untransposed letter.
        size: the value of a dimension.

    Attributes:
        products: the number of matrix products formed so far.
    """

    def __init__(self, arithmetic: Arithmetic, matrix: Callable[[Label], Any],
                 size: Callable[[Dimension], int]) -> None:
        self._arithmetic, self._matrix, self._size = arithmetic, matrix, size
        self._code: dict[Label, int] = {}
        self._atom: dict[Codes, int] = {}
        self._flip: list[int] = []
        self._shape: list[tuple[int, int]] = []
        self._known: dict[Codes, Any] = {}
        self._pieces: dict[int, Codes] = {}
        self.products = 0

    def chain(self, word: Word) -> Any:
        """The product of the matrices of a word."""
        return self._product(tuple(map(self._encode, word)))

    def trace(self, word: Word) -> Any:
        """The trace of the product of a closed word."""
        codes = tuple(map(self._encode, word))
        dims = [self._shape[c][0] for c in codes]
        smallest = min(dims)
        start = dims.index(smallest)
        codes, dims = codes[start:] + codes[:start], dims[start:] + dims[:start]
        atoms = self._atoms(codes, [i for i in range(1, len(codes)) if dims[i] == smallest])
        if len(atoms) > 1:
            return self._halved(atoms)
        if len(codes) == 1 or self._canonical(atoms) in self._known:
            return self._arithmetic.trace(self._product(atoms))
        narrow = min(dims[1:])
        cut = min((i for i in range(1, len(codes)) if dims[i] == narrow), key=lambda i: abs(2 * i - len(codes)))
        return self._arithmetic.pair_trace(self._product(codes[:cut]), self._product(codes[cut:]))

    def _halved(self, atoms: Codes) -> Any:
        """The trace of a cycle of atoms, from the two halves that are cheapest now."""
        n = len(atoms)
        half = n // 2
        around = atoms + atoms
        best: tuple[int, Codes, Codes] | None = None
        for start in range(n if n % 2 else half):
            left, right = around[start:start + half], around[start + half:start + n]
            cost = self._cost(left) + self._cost(right)
            if best is None or cost < best[0]:
                best = cost, left, right
                if not cost:
                    break
        assert best is not None
        return self._arithmetic.pair_trace(self._product(best[1]), self._product(best[2]))

    def _encode(self, letter: Label) -> int:
        code = self._code.get(letter)
        if code is None:
            base = letter.T if letter.transposed else letter
            rows, columns = map(self._size, base.dimensions)
            code = self._new((rows, columns), symmetric=base.symmetric)
            self._code[base], self._code[base.T] = code, self._flip[code]
            self._known[(code,)] = self._matrix(base)
            code = self._code[letter]
        return code

    def _new(self, shape: tuple[int, int], symmetric: bool) -> int:
        """A fresh code, its transposed one next to it unless it is symmetric."""
        code = len(self._flip)
        self._shape.append(shape)
        if symmetric:
            self._flip.append(code)
        else:
            self._shape.append(shape[::-1])
            self._flip += [code + 1, code]
        return code

    def _reverse(self, codes: Codes) -> Codes:
        flip = self._flip
        return tuple([flip[c] for c in reversed(codes)])

    def _canonical(self, codes: Codes) -> Codes:
        return min(codes, self._reverse(codes))

    def _cost(self, codes: Codes) -> int:
        """An estimate of the number of products that a word still needs."""
        return 0 if self._canonical(codes) in self._known else len(codes)

    def _atoms(self, codes: Codes, cuts: list[int]) -> Codes:
        """The word cut at the given places, each piece of more than one letter made an atom."""
        stops = [0, *cuts, len(codes)]
        return tuple([self._atomic(codes[a:b]) for a, b in pairwise(stops)])

    def _atomic(self, piece: Codes) -> int:
        if len(piece) == 1:
            return piece[0]
        code = self._atom.get(piece)
        if code is None:
            back = self._reverse(piece)
            low = min(piece, back)
            made = self._new((self._shape[low[0]][0], self._shape[low[-1]][1]), symmetric=piece == back)
            self._atom[low], self._atom[self._reverse(low)] = made, self._flip[made]
            self._pieces[made] = low
            code = self._atom[piece]
        return code

    def _product(self, codes: Codes) -> Any:
        back = self._reverse(codes)
        if back < codes:
            return self._arithmetic.transpose(self._straight(back))
        return self._straight(codes)

    def _straight(self, codes: Codes) -> Any:
        """The product of a word in its canonical direction."""
        known = self._known.get(codes)
        if known is not None:
            return known
        if len(codes) == 1:
            made = self._product(self._pieces[codes[0]])
        else:
            inner = [self._shape[c][0] for c in codes[1:]]
            smallest = min(inner)
            cuts = [i for i, d in enumerate(inner, 1) if d == smallest]
            if len(cuts) < len(inner):
                made = self._product(self._atoms(codes, cuts))
            else:
                cut = min(cuts, key=lambda i: (self._cost(codes[:i]) + self._cost(codes[i:]),
                                               abs(2 * i - len(codes))))
                made = self._arithmetic.product(self._product(codes[:cut]), self._product(codes[cut:]))
                self.products += 1
        self._known[codes] = made
        return made
