"""Files made by the rules of the formats: text grids, national GML, LEM, GeoTIFFs with world files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

from pointcloud.convert.request import ConvertReport, Request
from pointcloud.convert.run import convert, to_text
from pointcloud.io.remark import Remark
from pointcloud.run.watcher import Quiet

Heights = np.ndarray
SHEET = (40000, -58500)
"""South-west corner of sheet 05LF901, in metres."""


def hill(rows: int, cols: int, seed: int = 0) -> Heights:
    """Heights to the centimetre, some below 0, some exactly 0; row 0 in the north."""
    noise = np.random.default_rng(seed).normal(0.0, 2.0, (rows, cols))
    z = np.round(3.0 * np.sin(np.arange(cols) / 7.0) + noise, 2)
    z[rows // 2, : cols // 2] = 0.0
    return z


def text_grid(
    z: Heights,
    corner: tuple[float, float] = SHEET,
    cell: float = 1.0,
    *,
    end: str = "\n",
    blank: str = "",
    node: bool = False,
    row: Callable[[float, float, float], str] = lambda e, n, z: f"{e:.3f} {n:.3f} {z:.2f}",
) -> str:
    """Hyogo's text: south to north, cell centres; NaN is left out, or written as ``blank``."""
    shift = 0.0 if node else 0.5
    lines = []
    for i in range(z.shape[0]):
        n = corner[1] + (i + shift) * cell
        for j, value in enumerate(z[z.shape[0] - 1 - i]):
            e = corner[0] + (j + shift) * cell
            if not np.isnan(value):
                lines.append(row(e, n, value))
            elif blank:
                lines.append(f"{e:.3f} {n:.3f} {blank}")
    return "".join(line + end for line in lines)


def gml(
    z: Heights,
    mesh: str,
    corner: tuple[float, float],
    size: tuple[float, float] = (45 / 3600, 30 / 3600),
    *,
    start: int = 0,
    absent: int = 0,
    encoding: str = "UTF-8",
    system: str = "fguuid:jgd2011.bl",
    extra: str = "",
    order: str = "+x-y",
) -> bytes:
    """A GML of 基盤地図情報: ``corner`` is south-west (lon, lat); leading and trailing cells may be left out."""
    rows, cols = z.shape
    (west, south), (width, height) = corner, size
    values = ["データなし,-9999." if np.isnan(v) else f"地表面,{v:.2f}" for v in z.ravel()]
    tuples = "\n".join(values[start : len(values) - absent])
    text = f"""<?xml version="1.0" encoding="{encoding}"?>
{extra}<Dataset xmlns="http://fgd.gsi.go.jp/spec/2008/FGD_GMLSchema" xmlns:gml="http://www.opengis.net/gml/3.2">
<DEM gml:id="DEM001"><type>5mメッシュ（標高）</type><mesh>{mesh}</mesh><coverage gml:id="DEM001-3">
<gml:boundedBy><gml:Envelope srsName="{system}">
<gml:lowerCorner>{south:.9g} {west:.10g}</gml:lowerCorner>
<gml:upperCorner>{south + height:.9g} {west + width:.10g}</gml:upperCorner>
</gml:Envelope></gml:boundedBy>
<gml:gridDomain><gml:Grid gml:id="g" dimension="2"><gml:limits><gml:GridEnvelope>
<gml:low>0 0</gml:low><gml:high>{cols - 1} {rows - 1}</gml:high>
</gml:GridEnvelope></gml:limits><gml:axisLabels>x y</gml:axisLabels></gml:Grid></gml:gridDomain>
<gml:rangeSet><gml:DataBlock><gml:tupleList>
{tuples}
</gml:tupleList></gml:DataBlock></gml:rangeSet>
<gml:coverageFunction><gml:GridFunction><gml:sequenceRule order="{order}">Linear</gml:sequenceRule>
<gml:startPoint>{start % cols} {start // cols}</gml:startPoint></gml:GridFunction></gml:coverageFunction>
</coverage></DEM></Dataset>
"""
    return text.encode("cp932" if encoding == "Shift_JIS" else encoding.lower())


def lem(folder: Path, stem: str, z: Heights, corner: tuple[float, float] = SHEET, **changes: str) -> Path:
    """A LEM with its CSV; NaN is water, -9999."""
    rows, cols = z.shape
    tenths = np.where(np.isnan(z), -9999, np.round(z * 10)).astype(int)
    lines = [f"{'':6}{i + 1:4d}" + "".join(f"{v:5d}" for v in row) for i, row in enumerate(tenths)]
    (folder / f"{stem}.lem").write_bytes("".join(line + "\r\n" for line in lines).encode())
    west, south = corner
    entries = {
        "図名": "見本",
        "平面直角座標系番号": "5",
        "東西方向の点数": str(cols),
        "南北方向の点数": str(rows),
        "東西方向のデータ間隔": "5",
        "南北方向のデータ間隔": "5",
        "区画左下X座標": str(south * 100),
        "区画左下Ｙ座標": str(west * 100),
        "区画右上X座標": str((south + 5 * rows) * 100),
        "区画右上Y座標": str((west + 5 * cols) * 100),
        **changes,
    }
    text = "".join(f"{key},{value}\r\n" for key, value in entries.items())
    (folder / f"{stem}.csv").write_bytes(text.encode("cp932"))
    return folder / f"{stem}.lem"


def tiff(
    path: Path,
    array: Heights,
    transform: Affine,
    *,
    crs: str | None = None,
    world: bool = False,
    **profile: object,
) -> Path:
    """A GeoTIFF; with ``world`` its place is in a world file beside it."""
    bands = array if array.ndim == 3 else array[np.newaxis]
    place = {} if world else {"transform": transform}
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=bands.shape[1],
        width=bands.shape[2],
        count=bands.shape[0],
        dtype=bands.dtype,
        crs=crs,
        **place,
        **profile,
    ) as file:
        file.write(bands)
    if world:
        a, b, c, d, e, f = transform[:6]
        numbers = (a, d, b, e, c + (a + b) / 2, f + (d + e) / 2)
        path.with_suffix(".tfw").write_text("".join(f"{number!r}\n" for number in numbers))
    return path


class Listener(Quiet):
    """Keeps what a run says."""

    def __init__(self) -> None:
        self.remarks: list[Remark] = []

    def remark(self, remark: Remark) -> None:
        self.remarks.append(remark)

    @property
    def names(self) -> list[str]:
        return [remark.message for remark in self.remarks]


def run(out: Path, *inputs: Path, back: bool = False, **options: object) -> tuple[ConvertReport, Listener]:
    """Convert, and return the report and what was said."""
    listener = Listener()
    request = Request(tuple(map(str, inputs)), out, **options)  # type: ignore[arg-type]
    return (to_text if back else convert)(request, listener), listener


def opened(path: Path) -> tuple[Heights, Affine, dict[str, str]]:
    """The array, transform and tags of a raster; nodata as NaN."""
    with rasterio.open(path) as file:
        array = file.read()
        if file.nodata is not None:
            array = np.where(array == file.nodata, np.nan, array)
        return (array[0] if len(array) == 1 else array), file.transform, file.tags()
