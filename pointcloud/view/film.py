"""An orbit around the place as an MP4 film."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pointcloud.errors import OutputError
from pointcloud.io import put
from pointcloud.view import libraries, vtk_scene
from pointcloud.view.lettering import REFERENCE, framed
from pointcloud.view.model import Model
from pointcloud.view.screenshot import shot

LONGEST = 3840
"""Pixels of the longest side: what players of H.264 take."""
_QUALITY = 7

Tell = Callable[[float], None]


def write(
    model: Model, target: Path, size: tuple[int, int], *, seconds: float, rate: int, tell: Tell
) -> None:
    """Write a film of one turn around the target, clockwise as seen from above, in H.264.

    Parameters
    ----------
    model : Model
    target : Path
        Its final name.
    size : (width, height)
        Of the picture without the strip; made even.
    seconds : float
    rate : int
        Pictures a second.
    tell : callable
        Hears of the share that is done.

    Raises
    ------
    ParameterError
        If the encoder is not installed.
    OutputError
        If nothing can be drawn, or the file not be written.
    """
    encoder = libraries.need("imageio_ffmpeg", "movie")
    width, height = (side + side % 2 for side in size)
    count = max(round(seconds * rate), 1)
    # The strip is a few lines high: one picture says how many.
    whole = framed(np.zeros((height, width, 3), np.uint8), model.camera, model.words)
    made = vtk_scene.plotter(model, (width, height), scale=min(width, height) / REFERENCE)
    private = target.with_name(f".hyogo-pc-view-{secrets.token_hex(4)}.mp4")
    try:
        vtk_scene.check(made)
        put.SYSTEM.make_folder(target.parent)
        made.render_window.SetMultiSamples(8)
        frames = encoder.write_frames(
            str(private),
            (whole.shape[1], whole.shape[0]),
            fps=rate,
            codec="libx264",
            quality=_QUALITY,
            macro_block_size=2,
            ffmpeg_log_level="error",
        )
        frames.send(None)
        try:
            for number in range(count):
                camera = model.camera.turned(360.0 * number / count)
                vtk_scene.aim(made, camera)
                frames.send(framed(shot(made), camera, model.words).tobytes())
                tell((number + 1) / count)
        finally:
            frames.close()
        size_made = private.stat().st_size
        put.publish(put.adopt(target.parent, target.name, private), target, size=size_made)
    except OSError as error:
        raise OutputError("view.film", path=target, cause=error) from error
    finally:
        made.close()
        private.unlink(missing_ok=True)
