"""A house as an SVG: floors from top to bottom, rooms side by side, arrows as curves that pass between the rooms.

Arrows over several floors get a place on each floor between (Sugiyama, Tagawa & Toda 1981); each floor is ordered by
the means of its neighbours' places, and then put in place by least squares. No library, and always the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

from rooms import Arrow, House, needed

LETTER = 7.8
"""Width of a letter of 13 px in a font of even width, in pixels."""

BOX = 28.0
FLOOR = 62.0
PADDING = 11.0
GAP = 22.0
NARROW = 16.0
"""Between two arrows."""

MARGIN = 14.0
HEAD = 7.0
_SWEEPS = 60

Point = tuple[float, float]


@dataclass(eq=False)
class Spot:
    """A room, or a place that an arrow passes through.

    Parameters
    ----------
    name : str
        Empty for an arrow.
    floor : int
    x : float
        Its middle.
    above, below : list of Spot
        Where its arrows come from, and lead.
    """

    name: str
    floor: int
    x: float = 0.0
    above: list[Spot] = field(default_factory=list)
    below: list[Spot] = field(default_factory=list)

    @property
    def width(self) -> float:
        """Pixels from side to side: room for the name, and for the heads of the arrows."""
        ends = max(len(self.above), len(self.below))
        return max(len(self.name) * LETTER, ends * (HEAD + 3)) + 2 * PADDING if self.name else 0.0

    @property
    def y(self) -> float:
        """The upper edge of its floor."""
        return MARGIN + self.floor * FLOOR


def svg(house: House) -> str:
    """Return the drawing."""
    arrows = sorted(needed(house))
    floor = house.floor_of
    down = [(a, b) for a, b in arrows if floor[a] < floor[b]]
    sideways = [(a, b) for a, b in arrows if floor[a] == floor[b]]
    rows, paths = laid(house.floors, down)
    order(rows)
    place(rows)
    spots = {spot.name: spot for row in rows for spot in row if spot.name}
    width = max(spot.x + spot.width / 2 for spot in spots.values()) + MARGIN
    width = max(width, *(spot.x + MARGIN for row in rows for spot in row))
    height = 2 * MARGIN + (len(rows) - 1) * FLOOR + BOX
    lines = [_curve(path) for path in paths]
    for a, b in sideways:
        row = [spot.name for spot in rows[floor[a]] if spot.name]
        lines.append(_beside(spots[a], spots[b], abs(row.index(a) - row.index(b)) > 1))
    boxes = [_box(spot) for spot in spots.values()]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}"'
            f' width="{width:.0f}" height="{height:.0f}" font-family="ui-monospace, Menlo, Consolas,'
            ' DejaVu Sans Mono, monospace" font-size="13">',
            '<rect width="100%" height="100%" fill="#fff"/>',
            '<g fill="none" stroke="#5b6b7a" stroke-width="1.3">',
            *lines,
            "</g>",
            '<g fill="#eef3f8" stroke="#2c4a66" text-anchor="middle">',
            *boxes,
            "</g>",
            "</svg>",
            "",
        )
    )


def laid(
    floors: Sequence[Sequence[str]], arrows: Sequence[Arrow]
) -> tuple[list[list[Spot]], list[list[Spot]]]:
    """Return the spots of each floor, and those of each arrow from where it starts to where it ends."""
    rows = [[Spot(name, number) for name in names] for number, names in enumerate(floors)]
    rooms = {spot.name: spot for row in rows for spot in row}
    paths = []
    for a, b in arrows:
        path = [rooms[a]]
        for number in range(rooms[a].floor + 1, rooms[b].floor):
            path.append(Spot("", number))
            rows[number].append(path[-1])
        path.append(rooms[b])
        for upper, lower in pairwise(path):
            upper.below.append(lower)
            lower.above.append(upper)
        paths.append(path)
    return rows, paths


def crossings(rows: Sequence[Sequence[Spot]]) -> int:
    """Return how often arrows cross between neighbouring floors."""
    total = 0
    for row in rows[1:]:
        order = {id(spot): number for number, spot in enumerate(rows[row[0].floor - 1])}
        ends = [sorted(order[id(upper)] for upper in spot.above) for spot in row]
        flat = [end for each in ends for end in each]
        total += sum(flat[i] > flat[j] for i in range(len(flat)) for j in range(i + 1, len(flat)))
    return total


def order(rows: list[list[Spot]]) -> None:
    """Order each floor so that few arrows cross."""
    best, fewest = [list(row) for row in rows], crossings(rows)
    for sweep in range(_SWEEPS):
        downwards = sweep % 2 == 0
        for number in range(1, len(rows)) if downwards else range(len(rows) - 2, -1, -1):
            beside = rows[number - 1 if downwards else number + 1]
            _sort(rows[number], beside, downwards)
        count = crossings(rows)
        if count < fewest:
            best, fewest = [list(row) for row in rows], count
    rows[:] = best


def _sort(row: list[Spot], beside: Sequence[Spot], downwards: bool) -> None:
    """Order a floor by the means of its neighbours' places in the one beside it; who has none stays about in place."""
    order = {id(spot): at for at, spot in enumerate(beside)}
    keys = {}
    for at, spot in enumerate(row):
        ends = [order[id(end)] for end in (spot.above if downwards else spot.below)]
        keys[id(spot)] = sum(ends) / len(ends) if ends else at * len(beside) / len(row)
    row.sort(key=lambda spot: keys[id(spot)])


def place(rows: list[list[Spot]]) -> None:
    """Give each spot its place: near its neighbours, in the order of its floor, with gaps between."""
    for row in rows:
        for at, x in zip(row, _apart(row, [0.0] * len(row)), strict=True):
            at.x = x
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wished = [_wished(spot) for spot in row]
            for spot, x in zip(row, _apart(row, wished), strict=True):
                spot.x = x
    left = min(spot.x - spot.width / 2 for row in rows for spot in row)
    for row in rows:
        for spot in row:
            spot.x = round(spot.x - left + MARGIN, 1)


def _wished(spot: Spot) -> float:
    """Return the mean of the neighbours' places. Arrows over several floors pull hardest: they are to run straight."""
    ends = [*spot.above, *spot.below]
    weights = [1.0 if spot.name and end.name else 2.0 if spot.name or end.name else 8.0 for end in ends]
    if not ends:
        return spot.x
    return sum(weight * end.x for weight, end in zip(weights, ends, strict=True)) / sum(weights)


def _apart(row: Sequence[Spot], wished: Sequence[float]) -> list[float]:
    """Return the places nearest to those wished for, by least squares, that keep order and gaps.

    Pool adjacent violators: less their least distances, places need only not fall.
    """
    least = [0.0]
    for left, right in pairwise(row):
        gap = GAP if left.name or right.name else NARROW
        least.append(least[-1] + (left.width + right.width) / 2 + gap)
    blocks: list[list[float]] = []  # sum, count
    for wish, offset in zip(wished, least, strict=True):
        blocks.append([wish - offset, 1.0])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += count
    means = [total / count for total, count in blocks for _ in range(int(count))]
    return [mean + offset for mean, offset in zip(means, least, strict=True)]


def _curve(path: Sequence[Spot]) -> str:
    """Return an arrow: straight down past the rooms of a floor, in curves between floors."""
    start, end = path[0], path[-1]
    at: Point = (_port(start, path[1], start.below), start.y + BOX)
    commands = [f"M{_text(at)}"]
    for spot in path[1:]:
        last = spot is end
        to = (_port(end, path[-2], end.above) if last else spot.x, spot.y - (HEAD if last else 0.0))
        middle = (at[1] + to[1]) / 2
        commands.append(f"C{_text((at[0], middle))} {_text((to[0], middle))} {_text(to)}")
        at = to
        if not last:
            at = (spot.x, spot.y + BOX)
            commands.append(f"L{_text(at)}")
    return f'<path d="{" ".join(commands)}"/>' + _head(at, (0.0, 1.0))


def _port(spot: Spot, other: Spot, others: Sequence[Spot]) -> float:
    """Return where on the edge of a room an arrow begins or ends: spread in the order of the other ends."""
    order = sorted(others, key=lambda each: each.x)
    inner = spot.width - 2 * PADDING
    step = min(inner / len(order), 16.0)
    return spot.x + (order.index(other) - (len(order) - 1) / 2) * step


def _beside(a: Spot, b: Spot, between: bool) -> str:
    """Return an arrow between rooms of one floor: straight, or below those that lie between."""
    if between:
        start: Point = (a.x, a.y + BOX)
        end: Point = (b.x, b.y + BOX + HEAD)
        low = a.y + BOX + 0.7 * (FLOOR - BOX)
        path = f"M{_text(start)} C{_text((a.x, low))} {_text((b.x, low))} {_text(end)}"
        return f'<path d="{path}"/>' + _head(end, (0.0, -1.0))
    side = 1.0 if b.x > a.x else -1.0
    y = a.y + BOX / 2 - 5.0 * side  # arrows both ways lie beside each other
    start = (a.x + side * a.width / 2, y)
    end = (b.x - side * (b.width / 2 + HEAD), y)
    return f'<path d="M{_text(start)} L{_text(end)}"/>' + _head(end, (side, 0.0))


def _head(at: Point, way: Point) -> str:
    """Return the head of an arrow whose base is here."""
    (x, y), (right, down) = at, way
    half = HEAD / 2
    corners = (
        (x + right * HEAD, y + down * HEAD),
        (x - down * half, y + right * half),
        (x + down * half, y - right * half),
    )
    return f'<path fill="#5b6b7a" stroke="none" d="M{" L".join(map(_text, corners))}z"/>'


def _box(spot: Spot) -> str:
    left = spot.x - spot.width / 2
    return (
        f'<rect x="{left:.1f}" y="{spot.y:.1f}" width="{spot.width:.1f}" height="{BOX:.1f}" rx="5"/>'
        f'<text x="{spot.x:.1f}" y="{spot.y + 18.5:.1f}" fill="#102a43" stroke="none">{escape(spot.name)}</text>'
    )


def _text(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"
