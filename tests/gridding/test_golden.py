"""The pixels of the sample rasters: whoever changes them raises a number, so that old rasters are made again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from runs import SAMPLE, pixels, rasters

from hyogo_pc.main import main
from pointcloud.params.grid import ALGORITHM

GOLDEN = Path(__file__).with_name("golden.json")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The rasters of the sample tiles, at two resolutions."""
    out = tmp_path_factory.mktemp("golden")
    tiles = sorted(map(str, SAMPLE.glob("*.laz")))
    assert main(["grid", *tiles, "-o", str(out), "--jobs", "1", "-r", "1", "-r", "0.5"]) == 0
    return rasters(out)


@pytest.mark.parametrize("product", ["dsm", "dem", "cs"])
def test_pixels_change_only_with_the_number_of_their_algorithm(product: str, sample: dict[str, Path]) -> None:
    """Of decoded pixels, little-endian: the bytes of a file depend on the versions of libraries."""
    found = {
        name: hashlib.sha256(values.astype(values.dtype.newbyteorder("<")).tobytes()).hexdigest()
        for name, path in sample.items()
        if name.startswith(product.upper())
        for values in [pixels(path)]
    }
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))[product]
    assert {"algorithm": ALGORITHM[product], "pixels": found} == golden, (  # type: ignore[index]
        f"the pixels of the {product.upper()} are not those of algorithm {golden['algorithm']}. If they are meant to "
        f"change, raise ALGORITHM[{product!r}] in pointcloud/params.py, lest rasters made before be taken for these, "
        f"and write into {GOLDEN.name}: "
        + json.dumps({product: {"algorithm": golden["algorithm"] + 1, "pixels": found}})
    )
