"""Pieces of SVG as text. Coordinates are rounded, so that the same picture is the same text everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from math import hypot

from sgdmoments.show.layout import Point

#: Ink that can be read on white and on dark paper alike needs a background of its own.
BACKGROUND = "#ffffff"
INK = "#1f2933"
GREY = "#7b8794"


@dataclass(frozen=True, slots=True)
class Picture:
    """Parts of a drawing in a box from (0, 0) to (width, height)."""

    width: float
    height: float
    parts: tuple[str, ...]

    def at(self, x: float, y: float) -> str:
        """The picture moved, as one group."""
        return f'<g transform="translate({number(x)},{number(y)})">{"".join(self.parts)}</g>'

    def svg(self, title: str) -> str:
        """The whole document."""
        w, h = number(self.width), number(self.height)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" '
                f'font-family="ui-sans-serif, system-ui, sans-serif"><title>{escape(title)}</title>'
                f'<rect width="{w}" height="{h}" fill="{BACKGROUND}"/>{"".join(self.parts)}</svg>')


def number(value: float) -> str:
    """A coordinate with one decimal."""
    text = f"{value:.1f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def text_width(text: str, size: float) -> float:
    """About how wide a text is."""
    return 0.6 * size * len(text)


def label(point: Point, text: str, size: float = 13, colour: str = INK, anchor: str = "middle",
          italic: bool = False, halo: bool = False) -> str:
    """A text centred on a point; with a halo where lines may run behind it."""
    style = ' font-style="italic"' if italic else ""
    head = (f'<text x="{number(point[0])}" y="{number(point[1] + 0.35 * size)}" font-size="{number(size)}" '
            f'text-anchor="{anchor}"{style}')
    tail = f">{escape(text)}</text>"
    under = f'{head} fill="{BACKGROUND}" stroke="{BACKGROUND}" stroke-width="4"{tail}' if halo else ""
    return f'{under}{head} fill="{colour}"{tail}'


def dot(point: Point, radius: float, fill: str, stroke: str = "none", title: str = "") -> str:
    """A disc."""
    tip = f"<title>{escape(title)}</title>" if title else ""
    return (f'<circle cx="{number(point[0])}" cy="{number(point[1])}" r="{number(radius)}" fill="{fill}" '
            f'stroke="{stroke}" stroke-width="1.5">{tip}</circle>')


def square(point: Point, side: float, fill: str, stroke: str, title: str = "") -> str:
    """A square around a point."""
    tip = f"<title>{escape(title)}</title>" if title else ""
    return (f'<rect x="{number(point[0] - side / 2)}" y="{number(point[1] - side / 2)}" width="{number(side)}" '
            f'height="{number(side)}" rx="2" fill="{fill}" stroke="{stroke}" stroke-width="1.5">{tip}</rect>')


def curve(points: Iterable[Point], colour: str, width: float = 1.8, dashed: bool = False) -> str:
    """A line through 2 points, a quadratic curve by 3, a cubic one by 4 control points."""
    first, *rest = (f"{number(x)},{number(y)}" for x, y in points)
    command = {1: "L", 2: "Q", 3: "C"}[len(rest)]
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    return (f'<path d="M{first} {command}{" ".join(rest)}" fill="none" stroke="{colour}" '
            f'stroke-width="{number(width)}"{dash}/>')


def arrow(point: Point, direction: Point, colour: str, size: float = 5.5) -> str:
    """A small triangle at a point, towards a direction."""
    length = hypot(*direction) or 1.0
    dx, dy = direction[0] / length, direction[1] / length
    tip = (point[0] + size * dx, point[1] + size * dy)
    left = (point[0] - size * dx - 0.8 * size * dy, point[1] - size * dy + 0.8 * size * dx)
    right = (point[0] - size * dx + 0.8 * size * dy, point[1] - size * dy - 0.8 * size * dx)
    corners = " ".join(f"{number(x)},{number(y)}" for x, y in (tip, left, right))
    return f'<polygon points="{corners}" fill="{colour}"/>'
