"""The presets: readable, complete, and what they say they are."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from surfaces import rough

from pointcloud import relief
from pointcloud.errors import ParameterError
from pointcloud.params import csmap
from pointcloud.params.csmap import PRESETS, changed, from_table, preset, to_toml

Floats = NDArray[np.float64]


@pytest.mark.parametrize("name", PRESETS)
def test_files_are_named_and_sourced(name: str) -> None:
    found = preset(name)
    assert found.name == name
    assert found.version >= 1
    assert len(found.source) > 20
    assert all(ramp.name for ramp in found.ramps)


@pytest.mark.parametrize("name", PRESETS)
def test_toml_there_and_back(name: str) -> None:
    assert from_table(tomllib.loads(to_toml(preset(name)))) == preset(name)


def test_toda_has_his_layers_and_weights() -> None:
    found = preset("toda")
    assert [ramp.weight for ramp in found.ramps] == [0.125, 0.25, 0.25, 0.125, 0.25]
    assert "hyogo-pc" in found.source


def test_fme2020_as_published() -> None:
    found = preset("fme2020")
    (elevation,), (slope_a, slope_b), (bend_a, bend_b) = found.elevation, found.slope, found.curvature
    assert (elevation.low, elevation.high, elevation.colours) == (200, 2000, ((36, 36, 36), (246, 246, 246)))
    assert slope_a.colours == ((247, 213, 213), (134, 28, 33))
    assert slope_b.colours == ((246, 246, 246), (36, 36, 36))
    assert {(r.low, r.high) for r in found.slope} == {(0.0, 60.0)}
    assert bend_a.colours == ((42, 95, 131), (208, 223, 230))
    assert bend_b.colours == ((50, 96, 207), (255, 254, 190), (198, 72, 59))
    assert {(r.low, r.high) for r in found.curvature} == {(-0.1, 0.1)}


def csmap_py(dem: Floats) -> Floats:
    """csmap-py 0.2.0 on an array of 1 m cells, as its documentation and pictures have it, in whole levels."""
    k = np.arange(-6, 7)
    line = np.exp(-(k**2) / 18.0)
    weights = np.outer(line, line) / line.sum() ** 2
    smooth = np.einsum("ijkl,kl->ij", np.lib.stride_tricks.sliding_window_view(dem, (13, 13)), weights)
    bend = -(
        smooth[2:, 1:-1] + smooth[:-2, 1:-1] + smooth[1:-1, 2:] + smooth[1:-1, :-2] - 4 * smooth[1:-1, 1:-1]
    )
    z = dem[6:-6, 6:-6]
    slope = np.arctan(np.hypot(z[2:, 1:-1] - z[:-2, 1:-1], z[1:-1, 2:] - z[1:-1, :-2]) / 2.0)
    parts = (
        (0.030625, z[1:-1, 1:-1] / 1000.0, [(255, 255, 255), (0, 0, 0)]),
        (0.125, slope / 1.5, [(255, 245, 235), (100, 50, 20)]),
        (0.5, slope / 1.5, [(255, 255, 255), (0, 0, 0)]),
        (0.06125, (bend + 0.1) / 0.2, [(35, 80, 100), (225, 235, 245)]),
        (0.25, (bend + 0.1) / 0.2, [(75, 100, 165), (245, 245, 245), (145, 55, 50)]),
    )
    total = np.zeros((*bend.shape, 3))
    for weight, share, colours in parts:
        stops = np.linspace(0.0, 1.0, len(colours))
        for band in range(3):
            total[..., band] += weight * np.floor(np.interp(share, stops, [c[band] for c in colours]))
    return np.floor(total)


def test_csmap_py_to_one_level() -> None:
    dem = rough(120, 130, holes=False)
    found = relief.cs(dem, 1.0, preset("csmap-py"))[7:-7, 7:-7, :3].astype(int)
    assert np.abs(found - csmap_py(dem)).max() <= 1


def test_csmap_py_to_one_level_of_its_own_picture(shared_data: Path) -> None:
    """Version 0.1.4 made it, inside the 8 cells that it lost on each side."""
    with rasterio.open(shared_data / "dem_archaeology" / "TM1_564_146.tif") as file:
        dem, origin = file.read(1), file.transform
    with rasterio.open(shared_data / "dem_archaeology" / "csmap_rvt_TM1.tif") as file:
        wanted, shift = np.moveaxis(file.read([1, 2, 3]), 0, 2).astype(int), file.transform
    left, top = round((shift.c - origin.c) / origin.a), round((shift.f - origin.f) / origin.e)
    rows, cols = wanted.shape[:2]
    found = relief.cs(dem, 1.0, preset("csmap-py"))[top : top + rows, left : left + cols, :3].astype(int)
    assert (left, top) == (8, 8)
    # Its 32-bit sums stray by a little more in one cell of a thousand.
    assert np.mean(np.abs(found - wanted).max(axis=2) <= 1) > 0.999


def test_values_by_name() -> None:
    found = changed(preset("toda"), {"sigma": 2.0, "slope_grey.high": 45.0, "curvature.low": -0.05})
    assert found.sigma == 2.0
    assert [ramp.high for ramp in found.slope] == [60.0, 45.0]
    assert [ramp.low for ramp in found.curvature] == [-0.05, -0.05]
    assert found.elevation == preset("toda").elevation


def test_a_table_starts_from_a_preset() -> None:
    assert from_table({"preset": "fme2020", "sigma": 2}) == replace(preset("fme2020"), sigma=2.0)
    assert from_table({"truncation": 9}).name == "hyogo"
    with pytest.raises(ParameterError, match="hyogo, toda, fme2020, csmap-py"):
        from_table({"preset": "rrim"})


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"sgima": 3}, "no value called sgima"),
        ({"sigma": "a"}, "sigma is a; give a number"),
        ({"version": 1.5}, "version is 1.5; give a whole number"),
        ({"slope": 3}, "slope cannot be 3"),
        ({"slope": ["a"]}, r"slope\[1\] cannot be a"),
        ({"slope": [{"low": 0, "high": 60, "weight": "x", "colours": []}]}, r"slope\[1\].weight is x"),
        ({"slope": [{"low": 0, "high": 60, "weight": 1.0}]}, r"slope\[1\].colours is missing"),
        ({"slope": [{"lo": 0}]}, r"no value called slope\[1\].lo"),
        ({"slope": [{"low": 0, "high": 1, "weight": 1, "colours": [[1, 2]]}]}, r"slope\[1\].colours is"),
    ],
)
def test_a_table_that_cannot_be_names_its_key(table: dict[str, object], text: str) -> None:
    with pytest.raises(ParameterError, match=text):
        from_table(table)


def test_every_value_of_a_preset_can_be_changed_by_name() -> None:
    params = preset("hyogo")
    texts = {
        **{"sigma": "2", "truncation": "8", "gradient": "central", "rounding": "down", "name": "mine"},
        **{"version": "3", "source": "me", "slope_grey.low": "1", "slope_grey.high": "50"},
        **{"slope_grey.weight": "0.3", "slope_brown.weight": "0.2"},
        "slope_grey.colours": "#FFffFF 90,60,30;#000000",
    }
    assert set(texts) <= set(csmap.names(params))
    found = changed(params, texts)
    assert (found.sigma, found.truncation, found.gradient, found.rounding) == (2.0, 8.0, "central", "down")
    assert (found.name, found.version, found.source) == ("mine", 3, "me")
    grey = found.slope[1]
    assert (grey.low, grey.high, grey.weight) == (1.0, 50.0, 0.3)
    assert grey.colours == ((255, 255, 255), (90, 60, 30), (0, 0, 0))
    assert from_table(tomllib.loads(to_toml(found))) == found
    held = {field.name for field in fields(csmap.CsParams)} - set(csmap.LAYERS)
    assert held <= set(csmap.names(params))
    assert changed(params, {"slope_grey.colours": "#FFFFFF,#0F0F0F"}).slope[1].colours[1] == (15, 15, 15)


@pytest.mark.parametrize("colours", ["red", "#FFF #000", "1,2 3,4", "300,0,0 1,1,1", "#FFFFFF"])
def test_colours_that_are_none(colours: str) -> None:
    with pytest.raises(ParameterError):
        changed(preset("hyogo"), {"slope_grey.colours": colours})


def test_ramps_of_one_name() -> None:
    ramp = csmap.Ramp(0.0, 1.0, ((0, 0, 0), (1, 1, 1)), 0.5, "grey")
    with pytest.raises(ParameterError, match="called grey"):
        csmap.CsParams(3.0, 12.0, slope=(ramp, ramp))
