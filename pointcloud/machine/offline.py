"""No network: GDAL, wherever it comes from, and PROJ can make no request.

What closes GDAL was found by listening (GDAL 3.10 and 3.12). A proxy of a scheme that libcurl does not know makes every
request fail before anything is looked up or connected to, those of drivers and of links to a CRS as well as /vsicurl
and its like; but a host in ``no_proxy`` is asked without the proxy, so those variables go. The list of allowed names
closes /vsicurl and its like once more. ``GDAL_SKIP`` would leave /vsicurl open, and drivers that are loaded already.

GDAL looks its settings up when it needs them, so it does not matter whether rasterio or pyogrio were imported before.
A process of this program closes all of it, for good (:func:`close_network`). A library does not change the settings of
the program that it is used in: :data:`GDAL` holds them for the time in which a file is open.
"""

from __future__ import annotations

import os
import sys

_NOWHERE = "offline://hyogo-pc-uses-no-network"

GDAL = {
    "GDAL_HTTP_PROXY": _NOWHERE,
    "GDAL_HTTPS_PROXY": _NOWHERE,
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
    "CPL_ALLOW_VSISTDIN": "NO",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GDAL_VRT_ENABLE_RAWRASTERBAND": "NO",
}
"""Settings with which GDAL makes no request, runs no program that a file holds, and reads no file as raw numbers."""

_PROJ = {"PROJ_NETWORK": "OFF"}  # conda's package sets it to ON


def close_network() -> None:
    """Close the network for GDAL and PROJ in this process and those that it starts, until it ends."""
    os.environ.update(GDAL | _PROJ)
    for name in ("no_proxy", "NO_PROXY"):
        os.environ.pop(name, None)
    if "pyproj" in sys.modules:
        sys.modules["pyproj"].network.set_network_enabled(active=False)
