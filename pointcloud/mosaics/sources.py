"""The sources of a mosaic as tiles that can be read by windows; what cannot be is converted first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pointcloud.convert.kinds import kind_of, name_facts
from pointcloud.convert.request import Kind
from pointcloud.convert.request import Request as Conversion
from pointcloud.convert.run import convert
from pointcloud.doubt.place import judge
from pointcloud.doubt.verdict import require
from pointcloud.errors import HyogoError, ParameterError
from pointcloud.geo.lattice import QUANTA_PER_METRE
from pointcloud.io import names
from pointcloud.io.archive import open_inputs
from pointcloud.io.dems import tiles
from pointcloud.io.dems.tiles import Tile
from pointcloud.io.member import Member
from pointcloud.io.remark import Remark
from pointcloud.mosaics.request import MosaicReport, Request, Watcher
from pointcloud.run.items import Work
from pointcloud.run.record import FILE_NAME, Record
from pointcloud.run.watcher import Quiet

FOLDER = "sources"
"""Where converted files are kept in the output folder, by the number of their source."""


@dataclass(frozen=True)
class Source:
    """One source: its number from 1 on, a name for people, and its tiles."""

    number: int
    name: str
    tiles: tuple[Tile, ...]


def gather(request: Request, watcher: Watcher, report: MosaicReport) -> list[Source]:
    """Return the sources with what they hold, in the order of preference.

    Raises
    ------
    ParameterError
        If a source does not exist, lies in the output folder, or holds nothing that can be used.
    OutputError
        If files cannot be converted for want of space and the like.
    """
    out = request.out.resolve()
    for given in request.sources:
        if Path(given).resolve().is_relative_to(out):
            raise ParameterError("mosaic.inside", path=given, out=request.out)
    called = _names(request.sources)
    return [
        Source(number, name, tuple(_tiles(given, number, name, request, watcher, report)))
        for number, (given, name) in enumerate(zip(request.sources, called, strict=True), start=1)
    ]


def _names(given: tuple[str, ...]) -> list[str]:
    """Return a name for each source: its last part, or more of its path where that is not enough."""
    parts = [Path(each).parts or (each,) for each in given]
    for length in (1, 2, 3):
        found = ["/".join(each[-length:]) for each in parts]
        if len(set(found)) == len(found):
            return found
    return list(given)


def _tiles(
    given: str, number: int, name: str, request: Request, watcher: Watcher, report: MosaicReport
) -> list[Tile]:
    """Return the tiles of a source."""
    path = Path(given)
    if path.suffix.lower() == ".vrt":
        if not path.with_suffix("").is_dir():
            raise ParameterError("mosaic.vrt", path=given)
        path = path.with_suffix("")
    if _holds_product(path, request):
        found = list(_recorded(path, request, watcher, report))
        if not found:
            raise ParameterError("mosaic.nothing", path=given, product=request.product.upper())
        return found
    due: set[Kind] = set()
    direct: list[Tile] = []
    with open_inputs((str(path),)) as held:
        for label, error in held.refused.items():
            _bad(report, watcher, label, error)
        for member in held.members:
            try:
                kind = kind_of(member, None, alone=not member.inner and member.path == path)
                tile = tiles.look(member) if kind == "geotiff" and _may_be(member, request) else None
            except HyogoError as error:
                _bad(report, watcher, member.place, error)
                continue
            if kind and _may_be(member, request) and tile is None:
                due.add(kind)
            elif tile and _is_product(tile, request):
                _doubt(tile, watcher)
                direct.append(tile)
    if due:
        direct = [] if "geotiff" in due else direct  # all of one making
        direct += _converted(str(path), number, name, sorted(due), request, watcher, report)
    if not direct:
        raise ParameterError("mosaic.nothing", path=given, product=request.product.upper())
    return direct


def _holds_product(path: Path, request: Request) -> bool:
    """Return whether a folder has a record of rasters of the product; texts have a record too."""
    if not (path / FILE_NAME).exists():
        return False
    return any(name.startswith(f"{request.product.upper()}_") for name in Record.load(path).parameters)


def _doubt(tile: Tile, watcher: Watcher) -> None:
    """Pass on what speaks against the place of a tile; raise what forbids to use it."""
    box, unit, name = tile.grid.box, tile.grid.per_unit, tile.path.name
    bounds = box.west / unit, box.south / unit, box.east / unit, box.north / unit
    for remark in Remark.of_verdicts(require(judge(name, bounds, tile.crs), name), name):
        watcher.remark(remark)


def _may_be(member: Member, request: Request) -> bool:
    """Return whether a file's name does not say that it is another product, or an overview."""
    product = name_facts(member.stem).product
    return product in (None, request.product) and not member.stem.lower().endswith("_overview")


def _is_product(tile: Tile, request: Request) -> bool:
    return tile.tags.get("PRODUCT", request.product.upper()) == request.product.upper()


def _bad(report: MosaicReport, watcher: Watcher, label: str, error: HyogoError) -> None:
    report.bad_files[label] = str(error)
    watcher.step("bad", label, 0.0, why=str(error))


def _recorded(out: Path, request: Request, watcher: Watcher, report: MosaicReport) -> Iterator[Tile]:
    """Yield the tiles in an output folder of ours: of several resolutions in metres, the finest."""
    record = Record.load(out)
    folders = [name for name in record.parameters if name.startswith(f"{request.product.upper()}_")]
    metric = {name: names.resolution_of(name.partition("_")[2]) for name in folders}
    finest = min((cell for cell in metric.values() if cell), default=None)
    for folder in folders:
        if metric[folder] not in (None, finest):
            continue
        for code in record.written(folder):
            path = record.path(folder, code)
            try:
                tile = tiles.look(Member(path))
                if tile is None:
                    raise ParameterError("mosaic.no_crs", path=path)
            except HyogoError as error:
                _bad(report, watcher, str(path), error)
                continue
            yield tile


def _converted(
    given: str,
    number: int,
    name: str,
    kinds: list[Kind],
    request: Request,
    watcher: Watcher,
    report: MosaicReport,
) -> Iterator[Tile]:
    """Convert what must be, and yield its tiles; what was converted before is kept."""
    out = request.out / FOLDER / str(number)
    for kind in kinds:
        conversion = Conversion(
            (given,),
            out,
            kind=kind,
            product=request.product,
            crs=None
            if kind == "gml"
            else request.crs,  # the national DEM stays in degrees: interpolated once
            vertical=request.vertical,
            compress=request.compress,
            jobs=request.jobs,
        )
        for label, why in convert(conversion, _Listener(name, watcher)).failed.items():
            report.bad_files[label] = why
    yield from _recorded(out, request, watcher, report)


class _Listener(Quiet):
    """Passes on what a conversion says."""

    def __init__(self, name: str, watcher: Watcher) -> None:
        self.name, self.watcher = name, watcher

    def outstanding(self, works: Mapping[str, Work], kept: int) -> None:
        """Pass on how many files are converted."""
        self.watcher.converting(self.name, len(works), kept)

    def step(
        self, kind: str, key: str, weight: float, *, seconds: float = 0.0, why: str = "", result: str = ""
    ) -> None:
        """Pass on that a file could not be used."""
        if kind == "failed":
            self.watcher.step("bad", key, 0.0, why=why)

    def remark(self, remark: Remark) -> None:
        """Pass on what the user should know."""
        self.watcher.remark(remark)


def is_metric(tile: Tile) -> bool:
    """Return whether a tile's cells are in metres, not degrees."""
    return tile.grid.per_unit == QUANTA_PER_METRE
