"""From what a user asks for to what is to be seen."""

from __future__ import annotations

import math
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from pointcloud.errors import ParameterError
from pointcloud.geo import crs
from pointcloud.geo.lattice import Box
from pointcloud.io.clouds.classes import class_name
from pointcloud.io.dems import drape as drapes
from pointcloud.messages import say
from pointcloud.params.styles import STYLES
from pointcloud.view import heights as height_models
from pointcloud.view import lettering, level_of_detail, points, terrain
from pointcloud.view.camera import EYE_FIELD, FIELD, Aim, Camera, Triple
from pointcloud.view.canopy import canopy
from pointcloud.view.heights import Heights, height_at
from pointcloud.view.level_of_detail import Frame
from pointcloud.view.model import FLOOR, Cloud, Entry, Model, Sign, Words
from pointcloud.view.request import RADIUS, Label, ViewRequest
from pointcloud.view.sections import contour_lines, cut

_FAR, _FARTHER = 1000.0, 3000.0
"""Metres that are drawn beyond what is seen in full detail, from above and at eye height."""
_THIN = 0.006
"""Depth of the block below the lowest ground, as a share of its diagonal."""
_POLE = 0.07
"""Length of a pole as a share of the picture's height."""
_ALONE = 60.0
"""Metres around an eye on the ground that are seen in full detail."""


def build(
    request: ViewRequest,
    *,
    most: int = level_of_detail.FULL,
    sharp: int = terrain.SHARP,
    corners: int | None = None,
) -> Model:
    """Return the model of a view.

    Parameters
    ----------
    request : ViewRequest
    most : int
        Cells up to which all is drawn in full detail.
    sharp : int
        Most pixels of the side of a picture that is draped.
    corners : int, optional
        Most corners of triangles; the pictures on them keep their detail.

    Raises
    ------
    ParameterError
        If the place lies outside the terrain, or a request cannot be met.
    FileError, CrsError
        If a file cannot be used.
    """
    with ExitStack() as stack:
        source = stack.enter_context(height_models.opened(request.dem, request.nodata))
        source.crs_wkt = source.crs_wkt or request.crs_wkt
        return _Builder(request, source, most, sharp, corners).model(stack)


class _Builder:
    """What is known while a model is built."""

    def __init__(
        self, request: ViewRequest, source: Heights, most: int, sharp: int, corners: int | None
    ) -> None:
        self.request, self.source, self.most, self.sharp = request, source, most, sharp
        self.corners, self.every = corners, 1
        self.aim = request.aim
        if request.camera is None and request.aim == Aim() and request.place.site is not None:
            self.aim = next((Aim.of(view) for view in request.place.site.views), self.aim)
        self.times = request.exaggeration
        self.notes: list[str] = []
        self.credits = [source.credit] if source.credit else []
        self.synthetic = request.synthetic or source.synthetic
        self.key: list[Entry] = []
        self.e, self.n = self._place()
        self.near, self.whole = self._areas()

    def model(self, stack: ExitStack) -> Model:
        """Return the model; files that are opened on the way close with ``stack``."""
        request, source = self.request, self.source
        layers = self._land()
        lowest = min(float(np.nanmin(layer.heights)) for layer in layers if np.isfinite(layer.heights).any())
        west, south, east, north = self.whole
        base = lowest * self.times - max(2.0, _THIN * math.hypot(east - west, north - south))
        camera = self._camera(layers)
        words = Words("", "", "")
        model = Model(camera, words, self.whole, notes=self.notes)
        model.surfaces += terrain.surfaces(source, layers, self.times, base, every=self.every)
        if request.contours:
            model.lines += contour_lines(model.surfaces, request.contours, self.times)
        if request.dsm is not None:
            above = stack.enter_context(height_models.opened(request.dsm, request.nodata))
            model.surfaces += canopy(source, above, layers, request, self.every)
            self._heard(above)
            self.key += [Entry((112, 160, 92), say("view.key_dsm"))]
        if request.points:
            model.clouds.append(self._cloud())
        model.signs += self._signs(camera)
        if request.section is not None:

            def ground(e: terrain.Floats, n: terrain.Floats) -> terrain.Floats:
                return terrain.heights_at(source, layers, e, n) * self.times

            cut(model, request.section, ground, base, source.cell)
        model.words = self._words()
        return model

    def _place(self) -> tuple[float, float]:
        """Return the place in the coordinates of the terrain, made sure to lie within."""
        place, wkt = self.request.place, self.source.crs_wkt
        e, n = place.e, place.n
        if wkt is not None and place.site is not None:
            system = crs.from_wkt(wkt, file=self.source.name) if "[" in wkt else crs.from_user(wkt)
            e, n = place.xy(system.horizontal)
        west, south, east, north = self.source.bounds
        if not (west <= e <= east and south <= n <= north):
            raise ParameterError(
                "view.outside",
                place=place.name,
                e=f"{e:.0f}",
                n=f"{n:.0f}",
                bounds=", ".join(f"{edge:.0f}" for edge in self.source.bounds),
            )
        return e, n

    def _areas(self) -> tuple[tuple[float, float, float, float], tuple[float, float, float, float]]:
        """Return what is seen in full detail, and what is drawn at all: W, S, E, N in metres."""
        request, aim = self.request, self.aim
        box = request.place.box
        if box is not None and request.radius is None:
            near = box.bounds
        else:
            by = request.radius or request.place.radius or RADIUS
            near = (self.e - by, self.n - by, self.e + by, self.n + by)
        if aim.eye is not None:
            e, n = aim.eye
            near = (
                min(near[0], e - _ALONE),
                min(near[1], n - _ALONE),
                max(near[2], e + _ALONE),
                max(near[3], n + _ALONE),
            )
        far = request.surroundings
        if far is None:
            far = max(_FARTHER if aim.eye else _FAR, 1.5 * (near[2] - near[0]))
        near = _within(near, self.source.bounds)
        whole = (near[0] - far, near[1] - far, near[2] + far, near[3] + far)
        return near, _within(whole, self.source.bounds)

    def _land(self) -> list[terrain.Layer]:
        request, source = self.request, self.source
        near, whole = self._frame(self.near), self._frame(self.whole)
        frames = level_of_detail.frames(near, whole, most=self.most)
        while self.corners and sum(frame.cells for frame in frames) > self.corners * self.every**2:
            self.every *= 2
        frames = level_of_detail.frames(near, whole, most=self.most, every=self.every)
        if frames[0].step > 1:
            self.notes.append(
                say("view.coarser", step=frames[0].step, cell=f"{frames[0].step * source.cell:g}")
            )
        style = request.drape if request.drape in STYLES else None
        drape = None
        if request.drape is not None and style is None:
            drape = self._drape(request.drape)
        layers = terrain.load(
            source, frames, style=style, drape=drape, threads=request.threads, sharp=self.sharp
        )
        if not any(np.isfinite(layer.heights).any() for layer in layers):
            raise ParameterError("view.void", place=request.place.name)
        if np.isnan(layers[0].heights).any():
            self.key.append(Entry(FLOOR, say("view.key_void")))
        if request.light is not None:
            terrain.shine(layers, source.cell, self.times, request.light)
        return layers

    def _drape(self, text: str) -> drapes.Drape:
        path = Path(text)
        if not path.is_file():
            raise ParameterError("view.no_drape", text=text, styles=", ".join(STYLES))
        drape = drapes.look(path)
        if drape.credit:
            self.credits.append(drape.credit)
        self.synthetic = self.synthetic or drape.synthetic
        if drape.numbers:
            for value, colour in ((drape.low, terrain.NUMBERS[0]), (drape.high, terrain.NUMBERS[-1])):
                red, green, blue = (int(band) for band in colour[1:])
                self.key.append(Entry((red, green, blue), f"{value:g}"))
        return drape

    def _frame(self, bounds: tuple[float, float, float, float]) -> Frame:
        """Return the cells whose centres lie within bounds."""
        source, cell = self.source, self.source.cell
        west, south, east, north = bounds
        return Frame(
            math.ceil((source.north - north) / cell - 0.5),
            math.ceil((west - source.west) / cell - 0.5),
            math.floor((source.north - south) / cell - 0.5 - 1e-9),
            math.floor((east - source.west) / cell - 0.5 - 1e-9),
            1,
        )

    def _heard(self, other: Heights) -> None:
        if other.credit:
            self.credits.append(other.credit)
        self.synthetic = self.synthetic or other.synthetic

    def _ground(self, e: float, n: float, message: str = "") -> float:
        """Return the height of the ground as drawn; where there is none, raise, or NaN without a message."""
        z = height_at(self.source, e, n) * self.times
        if math.isnan(z) and message:
            raise ParameterError(message, e=e, n=n)
        return z

    def _camera(self, layers: list[terrain.Layer]) -> Camera:
        request = self.request
        if request.camera is not None:
            return request.camera
        aim = self.aim
        if aim.eye is not None:
            return self._standing(aim, aim.eye)
        ground = self._ground(self.e, self.n)
        if math.isnan(ground):
            ground = float(np.nanmean(layers[0].heights)) * self.times
        span = max(self.near[2] - self.near[0], self.near[3] - self.near[1])
        bearing = 200.0 if aim.bearing is None else aim.bearing
        distance = 0.95 * span if aim.distance is None else aim.distance
        height = max(0.55 * distance, 20.0) if aim.height is None else aim.height
        turn = math.radians(bearing)
        e, n = self.e + distance * math.sin(turn), self.n + distance * math.cos(turn)
        below = self._ground(e, n)
        lift = ground + height
        if lift < below + 2.0:
            lift = below + 2.0
            self.notes.append(say("view.lifted", height=f"{(lift - ground):.0f}"))
        return Camera((e, n, lift), (self.e, self.n, ground), aim.field or FIELD)

    def _standing(self, aim: Aim, eye: tuple[float, float]) -> Camera:
        """Return the camera of somebody who stands on the ground."""
        position: Triple = (*eye, self._ground(*eye, "view.no_ground") + aim.eye_height)
        towards = aim.towards or (self.e, self.n)
        if math.dist(eye, towards) < 0.5:
            raise ParameterError("view.no_distance")
        there = self._ground(*towards)
        height = position[2] if math.isnan(there) else there + aim.eye_height
        return Camera(position, (*towards, height), aim.field or EYE_FIELD)

    def _cloud(self) -> Cloud:
        request = self.request
        west, south, east, north = self.whole
        sampled = points.sample(
            request.points,
            Box.from_metres(west, south, east, north),
            request.budget,
            coloured=request.colouring == "rgb",
            reference=self.source.crs_wkt,
            columns=request.columns,
        )
        drawn = len(sampled.points)
        if drawn < sampled.inside:
            self.notes.append(
                say("view.thinned", inside=sampled.inside, drawn=drawn, share=drawn / sampled.inside)
            )
        self.synthetic = self.synthetic or sampled.synthetic
        colours = points.colours(sampled, request.colouring)
        if request.colouring == "class":
            for number in points.classes_in(sampled):
                colour = points.CLASS_COLOURS.get(number, points.OTHER_CLASS)
                self.key.append(Entry(colour, class_name(number)))
        if request.colouring == "height":
            for height, colour in zip(
                points.height_range(sampled), points.HEIGHTS[:: len(points.HEIGHTS) - 1], strict=True
            ):
                self.key.append(Entry(colour, f"{height:.0f} m"))
        sampled.points[:, 2] *= self.times
        return Cloud(sampled.points, colours)

    def _signs(self, camera: Camera) -> list[Sign]:
        request = self.request
        labels = list(request.labels)
        if request.named and request.place.site is not None:
            labels.insert(0, Label(request.place.name, self.e, self.n))
        signs = []
        for label in labels:
            z = self._ground(label.e, label.n)
            if math.isnan(z):
                self.notes.append(say("view.no_label", text=label.text))
                continue
            text = say("view.label", name=label.text, height=f"{z / self.times:.0f}")
            far = math.dist(camera.position, (label.e, label.n, z))
            pole = camera.metres_per_pixel(lettering.REFERENCE, far) * lettering.REFERENCE * _POLE
            foot = (label.e, label.n, z)
            signs.append(Sign(foot, (label.e, label.n, z + pole), text, lettering.board(text)))
        return signs

    def _words(self) -> Words:
        request = self.request
        title = request.title or request.place.name
        if self.synthetic:
            title = say("view.made_up", title=title)
        facts = [say("view.exaggeration", times=f"{self.times:g}")]
        if request.drape in STYLES:
            facts.append(say("view.drape_style", style=request.drape))
        elif request.drape:
            facts.append(say("view.drape_file", name=Path(request.drape).name))
        if request.contours:
            facts.append(say("view.contour_step", step=f"{request.contours:g}"))
        if request.light is not None:
            facts.append(
                say(
                    "view.sun_at",
                    azimuth=f"{request.light.azimuth:.0f}",
                    altitude=f"{request.light.altitude:.0f}",
                )
            )
        facts.append(say("view.north"))
        credits = [request.credit] if request.credit else list(dict.fromkeys(self.credits))
        source = say("output.preview_source", credit=", ".join(credits)) if credits else ""
        return Words(title, say("view.between").join(facts), source, tuple(dict.fromkeys(self.key)))


def _within(
    bounds: tuple[float, float, float, float], limits: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    return (
        max(bounds[0], limits[0]),
        max(bounds[1], limits[1]),
        min(bounds[2], limits[2]),
        min(bounds[3], limits[3]),
    )
