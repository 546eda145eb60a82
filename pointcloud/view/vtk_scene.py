"""A model as a PyVista plotter."""

from __future__ import annotations

from typing import Any

import numpy as np

from pointcloud.errors import OutputError
from pointcloud.print.paper.fonts import Fonts
from pointcloud.view import libraries
from pointcloud.view.camera import Camera
from pointcloud.view.lettering import INK, REFERENCE
from pointcloud.view.model import Model, Sign
from pointcloud.view.sections import mesh

SKY = ("#f4f6f8", "#9fbfe0")
"""Lower and upper edge of the background."""


def plotter(
    model: Model,
    size: tuple[int, int],
    *,
    off_screen: bool | None = True,
    smooth: bool = True,
    scale: float = 1.0,
) -> Any:
    """Return a plotter that holds a model; coordinates are E, N and exaggerated height in metres.

    Parameters
    ----------
    model : Model
    size : (width, height)
        Of the window in pixels.
    off_screen : bool, optional
        Whether to draw without a window; PyVista decides where it is ``None``.
    smooth : bool
        Whether effects that work on the picture are on: depth shading of points.
    scale : float
        Widths of lines and points, in pixels of a picture 1080 pixels high, are this many times as wide.
    """
    pyvista = libraries.pyvista()
    made = pyvista.Plotter(off_screen=off_screen, window_size=list(size), lighting="none")
    made.set_background(SKY[0], top=SKY[1])
    for surface in model.surfaces:
        look: dict[str, Any] = {"lighting": False, "show_scalar_bar": False, "opacity": surface.opacity}
        if surface.picture is not None:
            texture = pyvista.Texture(np.ascontiguousarray(surface.picture))
            texture.interpolate, texture.mipmap, texture.repeat = True, True, False
            made.add_mesh(mesh(surface), texture=texture, reset_camera=False, **look)
        else:
            made.add_mesh(mesh(surface), color=surface.colour, reset_camera=False, **look)
    if any(surface.opacity < 1.0 for surface in model.surfaces):
        made.enable_depth_peeling(1)  # one layer: the nearest leaf hides those behind it
    for lines in model.lines:
        if len(lines.pairs):
            made.add_mesh(
                _segments(pyvista, lines.points, lines.pairs),
                color=lines.colour,
                line_width=max(lines.width * scale, 1.0),
                lighting=False,
                reset_camera=False,
            )
    for cloud in model.clouds:
        if len(cloud.points):
            made.add_mesh(
                pyvista.PolyData(cloud.points),
                scalars=cloud.colours,
                rgb=True,
                point_size=cloud.size * scale,
                lighting=False,
                reset_camera=False,
            )
    for sign in model.signs:
        _put(made, pyvista, sign, model.camera, scale)
    if model.clouds and smooth:
        made.enable_eye_dome_lighting()
    aim(made, model.camera)
    return made


def aim(made: Any, camera: Camera) -> None:
    """Point the plotter's camera."""
    lens = made.camera
    lens.position, lens.focal_point, lens.up = camera.position, camera.target, (0.0, 0.0, 1.0)
    lens.view_angle = camera.field
    made.renderer.ResetCameraClippingRange()


def caption(made: Any, model: Model) -> None:
    """Write what the strip below a picture says into the window."""
    words = model.words
    text = "\n".join(line for line in (words.title, words.facts, words.source) if line)
    font = str(Fonts().of(text))
    made.add_text(text, position="lower_left", font_size=9, color=INK, font_file=font, name="caption")


def check(made: Any) -> None:
    """Make sure that something can be drawn.

    Raises
    ------
    OutputError
        If this machine has no OpenGL at all, not even by software.
    """
    if not made.render_window.SupportsOpenGL():
        raise OutputError("view.no_opengl")


def _segments(pyvista: Any, points: Any, pairs: Any) -> Any:
    cells = np.column_stack([np.full(len(pairs), 2, np.int64), pairs]).ravel()
    return pyvista.PolyData(points, lines=cells)


def _put(made: Any, pyvista: Any, sign: Sign, camera: Camera, scale: float) -> None:
    """Put up a pole and a board that turns to the camera."""
    core = libraries.need("vtkmodules.vtkRenderingCore")
    pole = pyvista.PolyData(np.array([sign.foot, sign.top]), lines=[2, 0, 1])
    made.add_mesh(pole, color=INK, line_width=max(2.0 * scale, 1.0), lighting=False, reset_camera=False)
    distance = float(np.linalg.norm(np.subtract(sign.top, camera.position)))
    pixel = camera.metres_per_pixel(REFERENCE, distance) / 2  # boards are twice as fine
    rows, cols = sign.board.shape[:2]
    width, height = cols * pixel, rows * pixel
    corners = np.array(
        [(-width / 2, 0, 0), (width / 2, 0, 0), (width / 2, height, 0), (-width / 2, height, 0)]
    )
    plate = pyvista.PolyData(corners, faces=[4, 0, 1, 2, 3])
    plate.active_texture_coordinates = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    mapper = pyvista.DataSetMapper(plate)
    follower = core.vtkFollower()
    follower.SetMapper(mapper)
    texture = pyvista.Texture(np.ascontiguousarray(sign.board))
    texture.interpolate, texture.mipmap = True, True
    follower.SetTexture(texture)
    follower.SetPosition(*sign.top)
    follower.GetProperty().LightingOff()
    follower.SetCamera(made.camera)
    made.add_actor(follower, reset_camera=False)
