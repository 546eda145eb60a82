"""A view as one HTML file that turns with the mouse, offline, with nothing from the network."""

from __future__ import annotations

import base64
import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pointcloud.messages import language, say
from pointcloud.plaintext import to_html, to_json_in_html
from pointcloud.view.model import Cloud, Lines, Model, Sign, Surface
from pointcloud.webpage import filled, swatch

CORNERS = 900_000
"""Corners of triangles at most: some 9 MB of the file."""
BUDGET = 600_000
"""Points at most, unless more are asked for."""
SHARP = 4096
"""Pixels of a picture's side at most: what graphics cards of telephones take."""
_QUALITY = 88

_VIEWER = Path(__file__).with_name("viewer.html")


def page(model: Model, still: NDArray[np.uint8]) -> bytes:
    """Return the page.

    Parameters
    ----------
    model : Model
    still : (rows, cols, 3) uint8
        A picture of the same view: what is seen until all is unpacked, and where a browser cannot draw.
    """
    low, span = _box(model)
    data = {
        "low": low.tolist(),
        "span": span.tolist(),
        "camera": {
            "position": list(model.camera.position),
            "target": list(model.camera.target),
            "field": model.camera.field,
        },
        "surfaces": [_surface(surface, low, span) for surface in model.surfaces],
        "lines": [_lines(lines, low, span) for lines in model.lines if len(lines.pairs)],
        "clouds": [_cloud(cloud, low, span) for cloud in model.clouds],
        "signs": [_sign(sign) for sign in model.signs],
        "scale": say("view.scale", length="{}"),
    }
    words = model.words
    key = "".join(f"<span>{swatch(f'rgb{entry.colour}')}{to_html(entry.text)}</span>" for entry in words.key)
    texts = {
        "LANG": language(),
        "TITLE": to_html(words.title),
        "FACTS": to_html(words.facts),
        "SOURCE": to_html(words.source),
        "KEY": key,
        "HELP": to_html(say("view.page_help")),
        "FAILED": to_html(say("view.page_failed")),
        "STILL": _picture(still),
        "DATA": to_json_in_html(data),
    }
    return filled(_VIEWER.read_text(encoding="utf-8"), texts).encode()


def _box(model: Model) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest coordinates of all parts, and their span."""
    lows = [points.min(0) for points in model.every_point() if len(points)]
    highs = [points.max(0) for points in model.every_point() if len(points)]
    low = np.min(lows, axis=0)
    return low, np.maximum(np.max(highs, axis=0) - low, 1e-3)


def _places(points: NDArray[Any], low: NDArray[Any], span: NDArray[Any]) -> str:
    """Return points as 16-bit shares of the box, one axis after the other: equal points stay equal."""
    shares = np.rint((points - low) / span * 65535).astype("<u2")
    return _packed(np.ascontiguousarray(shares.T))


def _surface(surface: Surface, low: NDArray[Any], span: NDArray[Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "count": len(surface.points),
        "places": _places(surface.points, low, span),
        # Differences of neighbours are small numbers, which pack well.
        "corners": _packed(
            np.diff(surface.triangles.ravel().astype("<i4"), prepend=np.int32(0)).astype("<i4")
        ),
        "colour": list(surface.colour),
        "opacity": surface.opacity,
    }
    if surface.uv is not None and surface.picture is not None:
        uv = np.rint(np.clip(surface.uv, 0.0, 1.0) * 65535).astype("<u2")
        made["uv"] = _packed(np.ascontiguousarray(uv.T))
        made["picture"] = _picture(surface.picture)
    return made


def _lines(lines: Lines, low: NDArray[Any], span: NDArray[Any]) -> dict[str, Any]:
    points = lines.points[lines.pairs.ravel()]
    return {"count": len(points), "places": _places(points, low, span), "colour": list(lines.colour)}


def _cloud(cloud: Cloud, low: NDArray[Any], span: NDArray[Any]) -> dict[str, Any]:
    return {
        "count": len(cloud.points),
        "places": _places(cloud.points, low, span),
        "colours": _packed(np.ascontiguousarray(cloud.colours.T)),
        "size": cloud.size,
    }


def _sign(sign: Sign) -> dict[str, Any]:
    rows, cols = sign.board.shape[:2]
    size = [cols / 2, rows / 2]  # boards are twice as fine
    return {
        "foot": list(sign.foot),
        "top": list(sign.top),
        "text": sign.text,
        "size": size,
        "board": _picture(sign.board, "PNG"),
    }


def _packed(array: NDArray[Any]) -> str:
    """Return an array's bytes, gzipped (without a time, so that the same view gives the same file), in base 64."""
    return base64.b64encode(gzip.compress(array.tobytes(), 6, mtime=0)).decode()


def _picture(pixels: NDArray[np.uint8], kind: str = "JPEG") -> str:
    """Return a picture as a data URL."""
    image = Image.fromarray(pixels)
    if max(image.size) > SHARP:
        image.thumbnail((SHARP, SHARP))
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=_QUALITY, optimize=True)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"
