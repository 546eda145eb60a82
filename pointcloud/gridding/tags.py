"""What a raster says of itself: what made it, and from what. No paths, no times, no count of processes."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pointcloud import pipeline
from pointcloud.geo.sheets import Sheet
from pointcloud.io.spill.cloud import Cloud
from pointcloud.params.grid import ALGORITHM, GridParams, Product
from pointcloud.plaintext import to_json
from pointcloud.version import __version__


def raster_tags(
    sheet: Sheet, product: Product, params: GridParams, cloud: Cloud, facts: Mapping[str, str]
) -> dict[str, str]:
    """Return the tags of one raster.

    ``facts`` are what the user states, such as the credit. The inputs named are those with points that can decide its
    pixels: by name, size and SHA-256, sorted; with the CRS that their points were brought from, if they were.
    """
    near = sheet.box.grow(pipeline.halo(params, product))
    infos = [spill.info for spill in cloud.spills if spill.info.box.touches(near)]
    inputs = sorted((info.name, info.size, info.sha256, info.moved_from) for info in infos)
    tags = {
        "TIFFTAG_SOFTWARE": f"hyogo-pc {__version__}",
        "PRODUCT": product.upper(),
        "ALGORITHM": str(ALGORITHM[product]),
        "SHEET": sheet.code,
        "PARAMETERS": json.dumps(params.of(product), sort_keys=True),
        "INPUTS": to_json(
            [
                {"name": name, "size": size, "sha256": digest} | ({"moved_from": crs} if crs else {})
                for name, size, digest, crs in inputs
            ]
        ),
        **facts,
    }
    readers = sorted({info.reader for info in infos if info.reader})
    if readers:
        tags["READER"] = "; ".join(readers)
    if any(info.synthetic for info in infos):
        tags["SYNTHETIC"] = "YES"
    return tags
