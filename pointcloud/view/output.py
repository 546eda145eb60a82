"""A view as a file: a picture, a film or a page, by the ending of its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pointcloud.errors import ParameterError
from pointcloud.io.put import put
from pointcloud.view import film, libraries, page, screenshot
from pointcloud.view.build import build
from pointcloud.view.camera import save
from pointcloud.view.model import Model
from pointcloud.view.points import BUDGET
from pointcloud.view.request import SIZE, ViewRequest

ENDINGS = (".png", ".mp4", ".html")
MOST_PIXELS = 300_000_000
"""Of a picture: A0 at 360 dots an inch."""
_STILL = (1280, 720)

Tell = Callable[[float], None]


@dataclass(frozen=True)
class Output:
    """Where a view goes.

    Parameters
    ----------
    path : Path
        Its ending is one of `ENDINGS`.
    size : (width, height)
        Pixels, without the strip below.
    seconds : float
        Of a film.
    rate : int
        Pictures a second of a film.
    camera : Path, optional
        File that the camera is saved to.
    """

    path: Path
    size: tuple[int, int] = SIZE
    seconds: float = 15.0
    rate: int = 25
    camera: Path | None = None

    def __post_init__(self) -> None:
        if self.path.suffix.lower() not in ENDINGS:
            raise ParameterError("view.ending", path=self.path, endings=", ".join(ENDINGS))
        width, height = self.size
        longest = film.LONGEST if self.path.suffix.lower() == ".mp4" else MOST_PIXELS
        if not (160 <= width <= longest and 90 <= height <= longest and width * height <= MOST_PIXELS):
            raise ParameterError("view.size", width=width, height=height, most=MOST_PIXELS // 1_000_000)


def write(request: ViewRequest, output: Output, tell: Tell) -> list[str]:
    """Make a view, and return what the user is to be told.

    Parameters
    ----------
    request : ViewRequest
    output : Output
    tell : callable
        Hears of the share that is done.

    Raises
    ------
    ParameterError
        If the request cannot be met, or a package is missing.
    FileError, CrsError
        If a file cannot be used.
    OutputError
        If nothing can be drawn on this machine, or a file not be written.
    """
    libraries.pyvista()
    ending = output.path.suffix.lower()
    if ending == ".html":
        model = _page(request, output)
    elif ending == ".mp4":
        libraries.need("imageio_ffmpeg", "movie")
        model = build(request)
        film.write(model, output.path, output.size, seconds=output.seconds, rate=output.rate, tell=tell)
    else:
        model = build(request)
        put(output.path, screenshot.png(screenshot.picture(model, output.size), model))
    if output.camera is not None:
        put(output.camera, save(model.camera, request.exaggeration))
    tell(1.0)
    return model.notes


def _page(request: ViewRequest, output: Output) -> Model:
    if request.budget == BUDGET:
        request = replace(request, budget=page.BUDGET)
    model = build(request, corners=page.CORNERS, sharp=page.SHARP)
    put(output.path, page.page(model, screenshot.picture(model, _STILL, strip=False)))
    return model
