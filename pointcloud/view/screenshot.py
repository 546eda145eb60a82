"""A view as a picture."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pointcloud.messages import say
from pointcloud.view import libraries, vtk_scene
from pointcloud.view.lettering import REFERENCE, framed
from pointcloud.view.model import Model

TWICE = 9_000_000
"""Pixels up to which a picture is drawn twice as wide and high and then reduced: 3840 x 2160 and a little more."""
LARGEST = 16_000_000
"""Pixels up to which depth shading of points is on: its buffers take 100 bytes a pixel."""
BUFFER = 16_384
"""Pixels of the longest side that is drawn at once; beyond, in tiles, which cut points at their borders."""


def picture(model: Model, size: tuple[int, int], *, strip: bool = True) -> NDArray[np.uint8]:
    """Return a picture, (rows, cols, 3) uint8, with its corner and strip or without; ``size`` is that without.

    Raises
    ------
    OutputError
        If nothing can be drawn on this machine.
    """
    width, height = size
    pixels = width * height
    smooth = pixels <= LARGEST
    times = 2 if pixels <= TWICE else 1
    if model.clouds and not smooth:
        model.notes.append(say("view.no_shading", most=LARGEST // 1_000_000))
    scale = min(size) / REFERENCE * times
    tiles = max(1, -(-max(size) * times // BUFFER))
    window = (-(-width * times // tiles), -(-height * times // tiles))
    made = vtk_scene.plotter(model, window, smooth=smooth, scale=scale)
    try:
        vtk_scene.check(made)
        made.render_window.SetMultiSamples(8 if times == 1 and smooth else 0)
        drawn = shot(made, tiles)
    finally:
        made.close()
    image = Image.fromarray(drawn)
    if image.size != size:
        image = image.resize(
            size, Image.Resampling.BOX if times > 1 and tiles == 1 else Image.Resampling.LANCZOS
        )
    plain = np.asarray(image)
    return framed(plain, model.camera, model.words) if strip else plain


def shot(made: Any, tiles: int = 1) -> NDArray[np.uint8]:
    """Return what a plotter shows, (rows, cols, 3) uint8, drawn in ``tiles`` x ``tiles`` pieces."""
    made.render_window.Render()
    core = libraries.need("vtkmodules.vtkRenderingCore")
    support = libraries.need("vtkmodules.util.numpy_support")
    grab = core.vtkWindowToImageFilter()
    grab.SetInput(made.render_window)
    grab.SetScale(tiles)
    grab.SetInputBufferTypeToRGB()
    grab.ReadFrontBufferOff()
    grab.SetShouldRerender(tiles > 1)  # what was just drawn is read as it is
    grab.SetFixBoundary(tiles > 1)
    grab.Update()
    image = grab.GetOutput()
    cols, rows, _ = image.GetDimensions()
    values = support.vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, cols, -1)
    return np.ascontiguousarray(values[::-1, :, :3])


def png(pixels: NDArray[np.uint8], model: Model) -> bytes:
    """Return a picture as PNG; its texts are in the file's properties too."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for name, text in (
        ("Title", model.words.title),
        ("Description", model.words.facts),
        ("Source", model.words.source),
    ):
        if text:
            info.add_itxt(name, text)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=info, compress_level=4)
    return buffer.getvalue()
