"""What a run makes, as one frozen value that any worker can be handed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from pointcloud.errors import ParameterError
from pointcloud.geo.lattice import QUANTA_PER_METRE, cell_quanta, quanta
from pointcloud.params import pdal_stages
from pointcloud.params.csmap import CsParams, from_table, preset
from pointcloud.params.smrf import PRESET, PRESETS, SmrfParams
from pointcloud.params.styles import STYLES, StyleParams
from pointcloud.textfile import read_toml

Product: TypeAlias = str
"""A name of :data:`PRODUCTS`."""
PRODUCTS: tuple[Product, ...] = ("dsm", "dem", *STYLES, "quality")
"""Heights, every style of relief as a picture, and what the terrain is made from."""
USUAL_PRODUCTS: tuple[Product, ...] = ("dsm", "dem", "cs")
"""What is made unless something else is asked for."""

ALGORITHM: dict[Product, int] = dict.fromkeys(PRODUCTS, 1) | dict.fromkeys(
    ("sky-view", "openness", "negative-openness"), 2
)
"""Raised by one whenever the bytes of a product change for the same input and parameters."""

CLASSIFY_ALGORITHM = 1
"""The same for the ground that is found where no class tells it."""

NODATA = -9999.0

QUALITY_BANDS = ("state", "gap_width", "distance", "ground_points", "returns")
QUALITY_UNITS = ("", "m", "m", "", "")
"""The bands of a quality raster, in their order, and their units."""

VOID, MEASURED, INTERPOLATED, BRIDGED, WATER = range(5)
"""What a cell of the band ``state`` says."""

STATE_COLOURS: dict[int, tuple[int, int, int]] = {
    MEASURED: (26, 122, 62),
    INTERPOLATED: (190, 216, 140),
    BRIDGED: (226, 104, 40),
    WATER: (112, 168, 220),
    VOID: (232, 232, 232),
}
"""Green is known, orange is guessed; told apart by lightness too. In the order of a key."""

Compression = Literal["deflate", "lzw", "zstd", "none"]
COMPRESSIONS: tuple[Compression, ...] = ("deflate", "lzw", "zstd", "none")

Sampling = Literal["bilinear", "nearest"]
SAMPLINGS: tuple[Sampling, ...] = ("bilinear", "nearest")
"""How a height between cell centres is taken from a raster."""

HYOGO_CS = preset("hyogo")
"""The default CS relief map; ``presets/hyogo.toml`` says how it was chosen."""

WATER_CLASS = 9
_LAST_CLASS = 255
_LARGEST = 1e300  # that is written: a whole number may be larger than any other
BRIDGED_FROM = 10.0
"""Metres: a cell of the DEM from a wider gap counts as bridged, not as interpolated."""
WIDEST_GAP = 400.0
FINEST, COARSEST = 0.01, 100.0
WIDEST_DSM_GAP = 50.0


@dataclass(frozen=True, slots=True)
class GeoidFile:
    """A geoid that lowers ellipsoidal heights.

    Parameters
    ----------
    path : str
        Of a GTX or GeoTIFF grid.
    sha256 : str
        Of its bytes.
    crs : str
        Horizontal system of the points, once it is known.
    """

    path: str
    sha256: str
    crs: str = ""

    @property
    def facts(self) -> dict[str, str]:
        """What decides pixels, for tags and records."""
        return {"name": Path(self.path).name, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class ReduceParams:
    """What the reduction of one file depends on.

    Parameters
    ----------
    cell : int
        Side of the finest cell in quanta.
    ground_classes, excluded_classes : tuple of int
        Classes taken as ground; classes not taken at all.
    returns : bool
        Whether to count the returns of each cell.
    candidates : bool
        Whether every point that is used and no water may be ground, whatever its class.
    geoid : GeoidFile, optional
        Lowers all heights.
    """

    cell: int
    ground_classes: tuple[int, ...] = (2,)
    excluded_classes: tuple[int, ...] = (7, 18)
    returns: bool = False
    candidates: bool = False
    geoid: GeoidFile | None = None


@dataclass(frozen=True, slots=True)
class GridParams:
    """What the rasters of a run depend on, besides their input.

    Parameters
    ----------
    resolutions : tuple of float
        Cell sides in metres, coarsest first; each divides the one before it.
    products : tuple of str
        Of :data:`PRODUCTS`.
    ground_classes, excluded_classes : tuple of int
    max_gap : float
        Widest disc (metres) of a triangle that the DEM is interpolated from.
    dsm_max_gap : float
        The same for cells of the DSM without a return; 0 leaves them empty.
    water_gap : float
        Width (metres) from which on a hole in all returns stays void in the DEM; 0 for never.
    precision : float
        Heights are rounded to this many metres.
    compress : str
        Of :data:`COMPRESSIONS`.
    cs : CsParams
        How the CS relief map is drawn.
    classify : SmrfParams, optional
        How to find the ground; without it, the classes of the points tell it.
    geoid : GeoidFile, optional
        Lowers all heights, which are ellipsoidal.
    pipeline : str
        Stages of PDAL that the points pass first; see :mod:`pointcloud.params.pdal_stages`.

    Raises
    ------
    ParameterError
        If a value is out of its range, or the resolutions do not nest.
    """

    resolutions: tuple[float, ...] = (1.0,)
    products: tuple[Product, ...] = USUAL_PRODUCTS
    ground_classes: tuple[int, ...] = (2,)
    excluded_classes: tuple[int, ...] = (7, 18)
    max_gap: float = 100.0
    dsm_max_gap: float = 5.0
    water_gap: float = 15.0
    precision: float = 0.001
    compress: Compression = "deflate"
    cs: CsParams = HYOGO_CS
    classify: SmrfParams | None = None
    geoid: GeoidFile | None = None
    pipeline: str = ""

    def __post_init__(self) -> None:
        cells = sorted({_cell(resolution) for resolution in self.resolutions}, reverse=True)
        if not cells:
            raise ParameterError("params.none", name="resolutions")
        for coarse, fine in itertools.pairwise(cells):
            if coarse % fine:
                raise ParameterError(
                    "params.nest", coarse=coarse / QUANTA_PER_METRE, fine=fine / QUANTA_PER_METRE
                )
        object.__setattr__(self, "resolutions", tuple(cell / QUANTA_PER_METRE for cell in cells))
        for name in self.products:
            if name not in PRODUCTS:
                raise ParameterError("params.choice", name="product", value=name, choices=", ".join(PRODUCTS))
        if self.compress not in COMPRESSIONS:
            raise ParameterError(
                "params.choice", name="compress", value=self.compress, choices=", ".join(COMPRESSIONS)
            )
        object.__setattr__(self, "products", tuple(p for p in PRODUCTS if p in self.products))
        object.__setattr__(self, "ground_classes", tuple(sorted(set(self.ground_classes))))
        object.__setattr__(self, "excluded_classes", tuple(sorted(set(self.excluded_classes))))
        for name in ("ground_classes", "excluded_classes"):
            for code in getattr(self, name):
                _within(name.replace("_", "-").removesuffix("es"), code, 0, _LAST_CLASS)
        both = set(self.ground_classes) & set(self.excluded_classes)
        if both:
            raise ParameterError("params.both", classes=", ".join(map(str, sorted(both))))
        _within("max-gap", self.max_gap, 0.0, WIDEST_GAP)
        _within("dsm-max-gap", self.dsm_max_gap, 0.0, WIDEST_DSM_GAP)
        _within("water-gap", self.water_gap, 0.0, WIDEST_GAP)
        _within("precision", self.precision, 1 / QUANTA_PER_METRE, 1.0)
        if abs(quanta(self.precision) - self.precision * QUANTA_PER_METRE) > 1e-6:
            raise ParameterError("params.precision", value=self.precision)

    @property
    def cells(self) -> tuple[int, ...]:
        """Cell sides in quanta, coarsest first."""
        return tuple(cell_quanta(resolution) for resolution in self.resolutions)

    @property
    def reduce(self) -> ReduceParams:
        """The part that the reduction of a file depends on."""
        returns = "quality" in self.products
        candidates = self.classify is not None and self.products != ("dsm",)
        return ReduceParams(
            self.cells[-1], self.ground_classes, self.excluded_classes, returns, candidates, self.geoid
        )

    def of(self, product: Product) -> dict[str, object]:
        """Return the parameters that the pixels of one product depend on, for tags and records."""
        common: dict[str, object] = {
            "algorithm": ALGORITHM[product],
            "excluded_classes": list(self.excluded_classes),
            "precision": self.precision,
        }
        if self.geoid is not None:
            common["geoid"] = self.geoid.facts
        if self.pipeline:
            common["pipeline"] = pdal_stages.parse(self.pipeline)
        if product == "dsm":
            return common | {"dsm_max_gap": self.dsm_max_gap}
        ground: dict[str, object] = {"ground_classes": list(self.ground_classes)}
        if self.classify is not None:
            ground = {"classify": asdict(self.classify), "classify_algorithm": CLASSIFY_ALGORITHM}
        dem = ground | {
            "max_gap": self.max_gap,
            "water_gap": self.water_gap,
        }
        if product == "dem":
            return common | dem
        if product == "quality":
            return common | dem | {"dem_algorithm": ALGORITHM["dem"], "bridged_from": BRIDGED_FROM}
        style = asdict(cast("Any", self.style(product)))
        return common | dem | {"dem_algorithm": ALGORITHM["dem"], product: style}

    @property
    def styles(self) -> tuple[str, ...]:
        """The products that are styles of relief."""
        return tuple(product for product in self.products if product in STYLES)

    def style(self, name: str) -> StyleParams:
        """Return the values of a style of relief."""
        return self.cs if name == "cs" else STYLES[name].params


def _cell(resolution: float) -> int:
    _within("resolution", resolution, FINEST, COARSEST)
    try:
        return cell_quanta(resolution)
    except ValueError:
        raise ParameterError("params.resolution", value=resolution) from None


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        shown = value if not abs(value) >= _LARGEST else math.inf if value > 0 else -math.inf
        raise ParameterError("params.range", name=name, value=shown, least=least, most=most)


def read_params(path: Path) -> dict[str, Any]:
    """Return the parameters in a TOML file, for :class:`GridParams`.

    Keys are those of :class:`GridParams`; lists stand for tuples, a number for a list of one. A table ``[cs]``
    holds those of :class:`CsParams`.

    Raises
    ------
    ParameterError
        If the file cannot be read, or holds an unknown key or a value of the wrong kind.
    """
    try:
        values = read_toml(path)
    except (OSError, ValueError) as error:
        raise ParameterError("params.file", path=path, cause=error) from None
    known = {item.name: item for item in fields(GridParams) if item.name != "geoid"}
    out: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            raise ParameterError("params.unknown", path=path, key=key, known=", ".join(known))
        try:
            out[key] = _classifying(value) if key == "classify" else _converted(key, value)
        except ParameterError as error:
            raise ParameterError("params.in_file", path=path, cause=error) from None
        except (TypeError, KeyError, ValueError, ArithmeticError):
            raise ParameterError("params.value", path=path, key=key, value=value) from None
    return out


def _converted(key: str, value: Any) -> Any:
    if key in ("resolutions", "products", "ground_classes", "excluded_classes"):
        items = value if isinstance(value, list) else [value]
        kind: Callable[[Any], Any] = {"resolutions": float, "products": str}.get(key, int)
        return tuple(kind(item) for item in items)
    if key == "compress":
        return str(value)
    if key == "pipeline":
        return pdal_stages.checked(value)
    if key == "cs":
        return from_table(value)
    return float(value)


def _classifying(table: Any) -> SmrfParams:
    """Return what a table ``[classify]`` says: values of a preset, changed by name."""
    if not isinstance(table, dict):
        raise TypeError
    names = [item.name for item in fields(SmrfParams)]
    values: dict[str, float] = {}
    for name, value in table.items():
        if name == "preset":
            if value not in PRESET:
                raise ParameterError("ground.value", name=name, value=value)
        elif name not in names:
            raise ParameterError("ground.unknown", name=name, known=", ".join(("preset", *names)))
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise ParameterError("ground.value", name=name, value=value)
        else:
            values[name] = float(value)
    return replace(PRESET[table.get("preset", PRESETS[0])], **values)
