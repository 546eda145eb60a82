"""The stages of PDAL that points pass between reading and gridding, as one text that any worker can be handed.

They are kept as JSON without spaces, keys sorted: two files that say the same are the same parameter.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pointcloud.errors import ParameterError
from pointcloud.plaintext import to_json
from pointcloud.textfile import read_json

Stage = dict[str, Any]

FILTERS = {"pdal-smrf": "filters.smrf", "pdal-csf": "filters.csf", "pdal-pmf": "filters.pmf"}
"""Filters of PDAL that find the ground, by the name that users give."""

_APART = " || ".join(
    (
        "Classification < 7",
        "Classification == 8",
        "(Classification > 9 && Classification < 18)",
        "Classification > 18",
    )
)
"""What a supplier calls noise or water (7, 9, 18) is no ground, and keeps its class. PDAL 2.2 knows no ``!=``."""

_STAYING = frozenset(
    f"filters.{name}"
    for name in (
        *("approximatecoplanar", "assign", "cluster", "colorization", "covariancefeatures", "crop", "csf"),
        *(
            "dbscan",
            "decimation",
            "dem",
            "eigenvalues",
            "elm",
            "estimaterank",
            "expression",
            "fps",
            "hag_dem",
        ),
        *("hag_delaunay", "hag_nn", "head", "iqr", "label_duplicates", "locate", "lof", "mad", "merge"),
        *("neighborclassifier", "nndistance", "normal", "optimalneighborhood", "outlier", "overlay"),
        *(
            "planefit",
            "pmf",
            "radialdensity",
            "range",
            "reciprocity",
            "returns",
            "sample",
            "skewnessbalancing",
        ),
        *("smrf", "sort", "stats", "tail", "trajectory", "voxelcenternearestneighbor"),
    )
)
"""Filters that leave every point where it is, or drop it: the box in a LAS file's header then holds."""

_MOVERS = frozenset({"X", "Y", "Z"})


def read(path: Path) -> str:
    """Return the stages in a user's file.

    A list, or an object with the list as ``pipeline``, as PDAL has it. Only filters can stand between reading and
    gridding; before them may stand one reader without a file name, for its options.

    Raises
    ------
    ParameterError
        If the file cannot be read, or a stage cannot stand there.
    """
    try:
        values = read_json(path)
    except OSError as error:
        raise ParameterError("pdal.unreadable", path=path, cause=error.strerror) from error
    except ValueError as error:
        raise ParameterError("pdal.unreadable", path=path, cause=error) from error
    return checked(values.get("pipeline") if isinstance(values, dict) else values, path)


def checked(stages: object, path: Path | str = "pipeline") -> str:
    """Return stages as a text, once it is clear that they can stand between reading and gridding.

    Raises
    ------
    ParameterError
        If one cannot; ``path`` is where they come from.
    """
    if not isinstance(stages, list):
        raise ParameterError("pdal.no_list", path=path)
    for number, stage in enumerate(stages, start=1):
        kind = stage.get("type", "") if isinstance(stage, dict) else ""
        reader = number == 1 and str(kind).startswith("readers.") and "filename" not in stage
        if not (reader or str(kind).startswith("filters.")):
            raise ParameterError("pdal.stage", path=path, number=number, stage=kind or json.dumps(stage))
    return _text(stages)


def with_ground(stages: str, method: str) -> str:
    """Return the stages and behind them the filter that finds the ground, with PDAL's own parameters."""
    return _text([*parse(stages), {"type": FILTERS[method], "where": _APART}])


def parse(stages: str) -> list[Stage]:
    """Return the stages of a text of this module; none of an empty one."""
    held: list[Stage] = json.loads(stages) if stages else []
    return held


def split(stages: str) -> tuple[Stage, list[Stage]]:
    """Return the options of the reader, and the filters."""
    held = parse(stages)
    if held and held[0]["type"].startswith("readers."):
        return held[0], held[1:]
    return {}, held


def leave_in_place(filters: Sequence[Stage]) -> bool:
    """Return whether every point that comes out is where it went in, as far as is known."""
    return all(stage["type"] in _STAYING and not _assigns_place(stage) for stage in filters)


def _assigns_place(stage: Stage) -> bool:
    if stage["type"] != "filters.assign":
        return False
    told = [stage.get(key, ()) for key in ("value", "assignment")]
    each = [part for item in told for part in ([item] if isinstance(item, str) else item)]
    return any(part.split("=")[0].split("[")[0].strip().upper() in _MOVERS for part in each)


def _text(stages: Sequence[Stage]) -> str:
    return to_json(stages, sort_keys=True, separators=(",", ":"))
