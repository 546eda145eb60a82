"""``hyogo-pc info``: what is in point clouds, and what looks wrong with them.

``--json`` writes an object of ``format`` (``JSON_FORMAT``) and ``files``, a list of objects with these keys:

- ``path``: as found.
- ``error``: ``null``, or ``message`` (name in the catalogue) and ``text``; if a file cannot be read, all but
  ``path``, ``error`` and ``remarks`` is ``null``.
- ``remarks``: what looks wrong, a list of ``message`` and ``text``.
- ``size`` (bytes), ``points``, ``synthetic``.
- ``version`` (as ``"1.4"``), ``point_format``, ``compressed``, ``scale`` and ``offset`` (lists of x, y, z): of LAS,
  else ``null``.
- ``reader``: what reads the file if not this program itself, with its version, or ``null``.
- ``extent``: ``west``, ``south``, ``lowest``, ``east``, ``north``, ``highest``, and ``from``: ``"points"``,
  or ``"header"`` if they were not read. ``null`` without points, or if the header's is none.
- ``density``: ``points_per_m2``, and ``of``: ``"cells"`` (1 m cells that hold a point) or ``"extent"``, or
  ``null``.
- ``classes``: list of ``code``, ``name``, ``points``; ``withheld``: a number; ``marked``: points marked as
  ``synthetic``, ``key`` and ``overlap`` (in point formats 0-5 by class 12). ``null`` if not read.
- ``crs``: ``horizontal``, ``vertical`` (``EPSG:code``, WKT or ``null``), ``name``, and ``stated``: whether by
  the file, or taken from its name or coordinates; or ``null``.
- ``sheets``: by level, the codes that the points touch. ``named_sheets``: codes in the file's name.

Texts and names are in the language of the program, all else is not. Lengths are in the unit of the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hyogo_pc import options
from pointcloud.messages import say
from pointcloud.plaintext import marked, to_json

if TYPE_CHECKING:
    from pathlib import Path

    from pointcloud.errors import HyogoError
    from pointcloud.io.cloudheader import CloudHeader
    from pointcloud.io.clouds.summary import Survey

JSON_FORMAT = 1
"""Raised by one whenever a key of the JSON goes or changes its meaning; a new key does not count."""

_KEYS = (
    *(
        "path",
        "error",
        "remarks",
        "size",
        "version",
        "point_format",
        "compressed",
        "points",
        "synthetic",
        "reader",
    ),
    *(
        "scale",
        "offset",
        "extent",
        "density",
        "classes",
        "withheld",
        "marked",
        "crs",
        "sheets",
        "named_sheets",
    ),
)
_EDGES = ("west", "south", "lowest", "east", "north", "highest")
_SHOWN_SHEETS = 6

Row = tuple[str, str]


@click.command("info", help=say("info.help"), short_help=say("info.short_help"))
@click.argument("inputs", metavar="INPUT…", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help=say("info.json"))
@options.columns
@click.option("--headers-only", is_flag=True, help=say("info.headers_only"))
@click.pass_context
def command(
    context: click.Context, inputs: tuple[str, ...], as_json: bool, headers_only: bool, columns: str
) -> None:
    """Look at every file; the catalogue holds the help."""
    from pointcloud.io.clouds.files import find_files

    entries: list[dict[str, Any]] = []
    failed = 0
    refused: dict[Path, HyogoError] = {}
    files = find_files(inputs, refused)
    for number, path in enumerate([*files, *refused]):
        survey, error = (
            (None, refused[path]) if path in refused else _look(path, columns, decode=not headers_only)
        )
        failed += error is not None
        if as_json:
            entries.append(_entry(path, survey, error))
        else:
            text = _table(survey) if survey else str(error)
            click.echo(f"\n{text}" if number else text)
    if as_json:
        click.echo(to_json({"format": JSON_FORMAT, "files": entries}, indent=2))
    context.exit(1 if failed else 0)


def _look(path: Path, columns: str, *, decode: bool) -> tuple[Survey | None, HyogoError | None]:
    from pointcloud.errors import FileError
    from pointcloud.io.clouds.readers import read_header
    from pointcloud.io.clouds.summary import survey

    try:
        return survey(read_header(path, columns=columns), decode=decode), None
    except FileError as error:
        return None, error


def _entry(path: Path, survey: Survey | None, error: HyogoError | None) -> dict[str, Any]:
    """Return what the JSON says of one file."""
    from pointcloud.io.clouds.readers import reader_of
    from pointcloud.io.las.header import LasHeader

    entry: dict[str, Any] = {**dict.fromkeys(_KEYS), "path": str(path), "remarks": []}
    if error is not None:
        entry["error"] = {"message": error.message, "text": str(error)}
    if survey is None:
        return entry
    header, content, density = survey.header, survey.content, survey.density
    entry.update(
        remarks=[{"message": remark.message, "text": str(remark)} for remark in survey.said],
        size=header.size,
        points=header.count,
        synthetic=header.synthetic,
        **_las_facts(header),
        reader=reader_of(header) or None,
        sheets=survey.sheets,
        named_sheets=survey.named,
    )
    if isinstance(header, LasHeader):
        entry.update(
            version="{}.{}".format(*header.version),
            point_format=header.point_format,
            compressed=header.compressed,
            offset=header.offsets,
        )
    else:
        entry["reader"] = reader_of(header)
    if survey.bounds is not None:
        source = "points" if content else "header"
        entry["extent"] = {**dict(zip(_EDGES, survey.bounds, strict=True)), "from": source}
    if density is not None:
        entry["density"] = {"points_per_m2": density, "of": "cells" if survey.counted else "extent"}
    if content is not None:
        from pointcloud.io.clouds.classes import class_name

        entry["classes"] = [
            {"code": code, "name": class_name(code), "points": points}
            for code, points in content.classes.items()
        ]
        entry["withheld"] = content.withheld
        entry["marked"] = content.marks._asdict()
    if survey.crs is not None:
        system = survey.crs
        entry["crs"] = {
            "horizontal": system.horizontal,
            "vertical": system.vertical,
            "name": system.name,
            "stated": header.crs is not None,
        }
    return entry


def _las_facts(header: CloudHeader) -> dict[str, Any]:
    """Return what only LAS and LAZ have."""
    from pointcloud.io.las.header import LasHeader

    if not isinstance(header, LasHeader):
        return {}
    return {
        "version": "{}.{}".format(*header.version),
        "point_format": header.point_format,
        "compressed": header.compressed,
        "scale": header.scales,
        "offset": header.offsets,
    }


def _table(survey: Survey) -> str:
    """Return what is said of one file: its path, and rows of two columns."""
    rows = [*_format_rows(survey), *_place_rows(survey), *_class_rows(survey)]
    rows += [(say("info.remark"), str(remark)) for remark in survey.said]
    return "\n".join([marked(survey.header.path), *_aligned(rows)])


def _aligned(rows: list[Row]) -> list[str]:
    """Return rows as lines; the first column is padded by display width, which Japanese has two of a sign."""
    from hyogo_pc.translate import columns

    width = max(columns(label) for label, _ in rows)
    return [f"  {label}{' ' * (width - columns(label))}  {marked(value)}".rstrip() for label, value in rows]


def _format_rows(survey: Survey) -> list[Row]:
    from pointcloud.io.clouds.readers import reader_of
    from pointcloud.io.clouds.text import TextHeader
    from pointcloud.io.las.header import LasHeader

    header = survey.header
    if isinstance(header, LasHeader):
        values = {"version": "{}.{}".format(*header.version), "format": header.point_format}
        form = say("info.laz", **values) if header.compressed else say("info.las", **values)
    elif isinstance(header, TextHeader):
        form = say("pointtext.format", columns=header.form.columns.label)
    else:
        form = say("pdal.read_by", suffix=header.path.suffix, reader=reader_of(header))
    rows = [(say("info.format"), form), (say("info.points"), f"{header.count:,}")]
    if header.synthetic:
        rows.append((say("info.synthetic"), header.system))
    return rows


def _place_rows(survey: Survey) -> list[Row]:
    rows: list[Row] = []
    if survey.bounds is not None:
        west, south, lowest, east, north, highest = (f"{value:.3f}" for value in survey.bounds)
        from_points = survey.content is not None
        label = say("info.extent") if from_points else say("info.header_extent")
        rows.append((f"{label} E", say("info.range", low=west, high=east)))
        rows.append((f"{label} N", say("info.range", low=south, high=north)))
        rows.append((f"{label} H", say("info.range", low=lowest, high=highest)))
    if survey.density is not None:
        value = f"{survey.density:.2f}"
        told = say("info.per_cell", density=value) if survey.counted else say("info.per_area", density=value)
        rows.append((say("info.density"), told))
    return rows + _crs_rows(survey) + _sheet_rows(survey)


def _crs_rows(survey: Survey) -> list[Row]:
    system = survey.crs
    if system is None:
        return [(say("info.crs"), say("info.not_stated"))]
    told = system.label if system.label == system.name else f"{system.label}  {system.name}"
    if survey.header.crs is None:
        told = say("info.deduced", crs=told)
    rows = [(say("info.crs"), told)]
    if system.vertical is None:
        rows.append((say("info.heights"), say("info.not_stated")))
    return rows


def _sheet_rows(survey: Survey) -> list[Row]:
    rows: list[Row] = []
    if survey.named:
        rows.append((say("info.sheet_name"), " ".join(survey.named)))
    for level, codes in survey.sheets.items():
        shown = " ".join(codes[:_SHOWN_SHEETS])
        more = len(codes) - _SHOWN_SHEETS
        told = say("info.more", codes=shown, more=more) if more > 0 else shown or "-"
        rows.append((say("info.sheet", level=level), told))
    return rows


def _class_rows(survey: Survey) -> list[Row]:
    from hyogo_pc.translate import columns
    from pointcloud.io.clouds.classes import class_name

    if survey.content is None:
        return []
    names = {code: class_name(code) for code in survey.content.classes}
    wide = max(columns(name) for name in names.values())
    rows: list[Row] = []
    for code, points in survey.content.classes.items():
        name = names[code] + " " * (wide - columns(names[code]))
        share = 100 * points / survey.header.count
        rows.append((say("info.class", code=code), f"{name}  {points:>13,}  {share:5.1f} %"))
    if survey.content.withheld:
        rows.append((say("info.withheld"), f"{survey.content.withheld:,}"))
    marked = survey.content.marks._asdict()
    rows += [(say(f"info.marked_{name}"), f"{points:,}") for name, points in marked.items() if points]
    return rows
