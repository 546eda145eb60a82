"""No request leaves a process that closed its network, whatever was imported before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from listener import Listener

from pointcloud.machine import offline

WMS = (
    "<GDAL_WMS><Service name='WMS'><Version>1.1.1</Version><ServerUrl>{url}/?</ServerUrl><Layers>a</Layers></Service>"
    "<DataWindow><UpperLeftX>0</UpperLeftX><UpperLeftY>1</UpperLeftY><LowerRightX>1</LowerRightX>"
    "<LowerRightY>0</LowerRightY><SizeX>8</SizeX><SizeY>8</SizeY></DataWindow></GDAL_WMS>"
)
VRT = (
    '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/vsicurl/{url}/a.csv</SrcDataSource></OGRVRTLayer>'
    "</OGRVRTDataSource>"
)
LINK = (
    '{{"type": "FeatureCollection", "crs": {{"type": "link", "properties": {{"href": "{url}/crs"}}}}, "features": ['
    '{{"type": "Feature", "properties": {{}}, "geometry": {{"type": "Point", "coordinates": [1, 2]}}}}]}}'
)

RASTERS = {
    "curl": "/vsicurl/{url}/a.tif",
    "streamed": "/vsicurl_streaming/{url}/a.tif",
    "url": "{url}/a.tif",
    "service": "WMS:{url}/?",
    "description": WMS,
}
VECTORS = {"link": LINK, "elsewhere": VRT}

ASK = """
import sys
{before}
from pointcloud.machine.offline import close_network
if {closed}: close_network()
kind, what = sys.argv[1:]
try:
    if kind == "raster":
        import rasterio
        with rasterio.Env(aws_unsigned=True), rasterio.open(what) as file:
            file.read(1)
    elif kind == "crs":
        import rasterio.crs
        rasterio.crs.CRS.from_user_input(what)
    else:
        import pyogrio
        pyogrio.raw.read(what)
except Exception as error:
    print(error)
"""


def asked(kind: str, what: str, *, closed: bool, before: str = "") -> None:
    """Let a process of its own open something, with this machine named as one that is asked without a proxy."""
    code = ASK.format(closed=closed, before=before)
    env = {**os.environ, "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code, kind, what], env=env, check=False)
    assert done.returncode == 0


def request(name: str, listener: Listener, folder: Path) -> tuple[str, str]:
    if name == "crs":
        return "crs", f"{listener.url}/crs"
    if name in RASTERS:
        return "raster", RASTERS[name].format(url=listener.url)
    path = folder / "a.geojson"
    path.write_text(VECTORS[name].format(url=listener.url), encoding="utf-8")
    return "vector", str(path)


@pytest.mark.parametrize("name", [*RASTERS, *VECTORS, "crs"])
def test_a_closed_process_asks_nobody(name: str, tmp_path: Path) -> None:
    with Listener() as listener:
        kind, what = request(name, listener, tmp_path)
        asked(kind, what, closed=False)
        assert listener.heard  # else this test would prove nothing
        listener.heard.clear()
        asked(kind, what, closed=True)
        assert not listener.heard


@pytest.mark.parametrize("name", ["curl", "link"])
def test_it_does_not_matter_what_was_imported_before(name: str, tmp_path: Path) -> None:
    before = "import rasterio, pyogrio; rasterio.Env().__enter__()"
    with Listener() as listener:
        asked(*request(name, listener, tmp_path), closed=True, before=before)
        assert not listener.heard


def test_proj_fetches_no_grids() -> None:
    code = (
        "import pyproj; from pyproj import network; assert network.is_network_enabled()\n"
        "from pointcloud.machine.offline import close_network; close_network()\n"
        "assert not network.is_network_enabled()"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PROJ_NETWORK": "ON"}, check=True)


def test_the_command_line_is_closed_before_anything_is_imported() -> None:
    code = (
        "import os, sys, hyogo_pc.main as program\n"
        "assert not {'rasterio', 'pyogrio', 'pyproj', 'numpy'} & set(sys.modules)\n"
        "told = lambda: print(os.environ['GDAL_HTTP_PROXY'], os.environ['PROJ_NETWORK'], 'no_proxy' in os.environ)\n"
        "program.main = lambda: told() or 0\n"
        "from hyogo_pc.process import entry; entry()"
    )
    env = {**os.environ, "no_proxy": "localhost"}
    said = subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True)
    assert said.stdout.split() == [offline.GDAL["GDAL_HTTP_PROXY"], "OFF", "False"]


def test_workers_are_closed() -> None:
    from pointcloud.run.pools import ProcessPool

    pool = ProcessPool(1)
    try:
        assert pool.submit(os.getenv, "GDAL_HTTP_PROXY").result() == offline.GDAL["GDAL_HTTP_PROXY"]
    finally:
        pool.close(now=True)
    assert "GDAL_HTTP_PROXY" not in os.environ  # who uses the library keeps the own settings
