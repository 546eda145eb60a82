"""Where one looks from: by compass direction, at eye height, or from a file."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import ParameterError
from pointcloud.geo.sites import Viewpoint
from pointcloud.textfile import read_json

FIELD = 35.0
"""Degrees that a picture is high, as a camera's 57 mm lens sees (36 x 24 mm film, upright)."""
EYE_FIELD = 50.0
"""The same at eye height, where one looks around."""
EYE_HEIGHT = 1.6
"""Metres."""

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Camera:
    """An eye.

    Parameters
    ----------
    position, target : (e, n, height)
        Metres; heights are those of the picture, so exaggerated ones.
    field : float
        Degrees from the lower to the upper edge of the picture.
    """

    position: Triple
    target: Triple
    field: float = FIELD

    @property
    def distance(self) -> float:
        """Metres from the eye to what it looks at."""
        return math.dist(self.position, self.target)

    @property
    def heading(self) -> float:
        """Degrees clockwise from grid north in which it looks."""
        e, n = self.target[0] - self.position[0], self.target[1] - self.position[1]
        return math.degrees(math.atan2(e, n)) % 360.0

    def axes(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the directions right, up and forward, of length 1."""
        forward = np.subtract(self.target, self.position) / self.distance
        right = np.cross(forward, (0.0, 0.0, 1.0))
        length = float(np.linalg.norm(right))
        right = right / length if length > 1e-9 else np.array([1.0, 0.0, 0.0])
        return right, np.cross(right, forward), forward

    def project(self, points: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
        """Return where points are in a picture.

        Parameters
        ----------
        points : (n, 3)
            E, N and height in metres.
        size : (width, height)
            Of the picture in pixels.

        Returns
        -------
        (n, 3) array
            Pixels from the left and from the top, and metres in front of the eye (negative behind it).
        """
        right, up, forward = self.axes()
        rays = np.asarray(points, np.float64) - np.asarray(self.position)
        depth = rays @ forward
        scale = size[1] / 2 / math.tan(math.radians(self.field / 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            x = size[0] / 2 + scale * (rays @ right) / depth
            y = size[1] / 2 - scale * (rays @ up) / depth
        return np.column_stack([x, y, depth])

    def turned(self, degrees: float) -> Camera:
        """Return the eye moved around its target, clockwise as seen from above."""
        a = math.radians(degrees)
        e, n = self.position[0] - self.target[0], self.position[1] - self.target[1]
        turned = (e * math.cos(a) + n * math.sin(a), n * math.cos(a) - e * math.sin(a))
        position = (self.target[0] + turned[0], self.target[1] + turned[1], self.position[2])
        return Camera(position, self.target, self.field)

    def metres_per_pixel(self, height: int, distance: float | None = None) -> float:
        """Return the width of a pixel of a picture so many pixels high, at a distance or at the target's."""
        far = self.distance if distance is None else distance
        return 2.0 * far * math.tan(math.radians(self.field / 2)) / height


@dataclass(frozen=True, slots=True)
class Aim:
    """How a user says where to look from; what is ``None`` is chosen.

    Parameters
    ----------
    bearing : float, optional
        Degrees clockwise from grid north, from the place to the eye.
    distance, height : float, optional
        Metres along the ground from the place to the eye, and of the eye above the ground of the place.
    eye, towards : (e, n), optional
        Where one stands, and where one looks to; the place without ``towards``.
    eye_height : float
        Metres of the eye above the ground where one stands.
    field : float, optional
        Degrees from the lower to the upper edge.
    """

    bearing: float | None = None
    distance: float | None = None
    height: float | None = None
    eye: tuple[float, float] | None = None
    towards: tuple[float, float] | None = None
    eye_height: float = EYE_HEIGHT
    field: float | None = None

    def __post_init__(self) -> None:
        for name, value, least, most in (
            ("distance", self.distance, 0.0, 1e6),
            ("height", self.height, -1e4, 1e6),
            ("eye-height", self.eye_height, 0.0, 1e5),
            ("fov", self.field, 1.0, 120.0),
        ):
            if value is not None and not least <= value <= most:
                raise ParameterError("params.range", name=name, value=value, least=least, most=most)
        if self.distance == 0.0 and not self.height:
            raise ParameterError("view.no_distance")

    @classmethod
    def of(cls, view: Viewpoint) -> Aim:
        """Return the aim of a site's viewpoint."""
        if view.at is not None:
            return cls(eye=view.at, towards=view.towards, eye_height=view.height)
        return cls(bearing=view.bearing, distance=view.distance, height=view.height)


def save(camera: Camera, exaggeration: float) -> bytes:
    """Return a camera as a file: JSON, with heights as they are in nature."""
    values = asdict(camera)
    for name in ("position", "target"):
        e, n, z = values[name]
        values[name] = [e, n, z / exaggeration]
    return (json.dumps(values, indent=1) + "\n").encode()


def load(path: Path, exaggeration: float) -> Camera:
    """Return the camera of a file that :func:`save` made.

    Raises
    ------
    ParameterError
        If it cannot be read or holds no camera.
    """
    try:
        values = read_json(path)
        if set(values) != {item.name for item in fields(Camera)}:
            raise ValueError(", ".join(sorted(values)))
        ends = []
        for name in ("position", "target"):
            e, n, z = map(float, values[name])
            ends.append((e, n, z * exaggeration))
        camera = Camera(ends[0], ends[1], float(values["field"]))
    except (OSError, ValueError, TypeError) as error:
        raise ParameterError("view.camera_file", path=path, cause=error) from None
    numbers = (*camera.position, *camera.target, camera.field)
    if not all(map(math.isfinite, numbers)) or not 1 <= camera.field <= 120 or camera.distance < 0.1:
        raise ParameterError("view.camera_file", path=path, cause=numbers)
    return camera
