"""``hyogo-pc view``: a place in three dimensions."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hyogo_pc import options as shared
from pointcloud.errors import ParameterError
from pointcloud.messages import say
from pointcloud.plaintext import marked

if TYPE_CHECKING:
    from pointcloud.geo.places import Place
    from pointcloud.view.camera import Aim
    from pointcloud.view.output import Output, Tell
    from pointcloud.view.request import Label, ViewRequest

_STEPS = 1000
_COLOURINGS = ("class", "height", "rgb")
_NO_SUN = "none"
_AIMS = ("bearing", "distance", "height", "eye", "towards", "field")


@click.command(
    "view", cls=shared.PlaceCommand, help=say("view_command.help"), short_help=say("view_command.short_help")
)
@click.argument("place", metavar="PLACE")
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help=say("view_command.out"))
@click.option("--interactive", is_flag=True, help=say("view_command.interactive"))
@click.option("--dem", metavar="INPUT", multiple=True, required=True, help=say("view_command.dem"))
@click.option("--dsm", metavar="INPUT", multiple=True, help=say("view_command.dsm"))
@click.option(
    "--dsm-opacity",
    type=float,
    metavar="0-1",
    default=0.5,
    show_default=True,
    help=say("view_command.dsm_opacity"),
)
@click.option("--drape", metavar="STYLE|FILE", help=say("view_command.drape"))
@shared.columns
@click.option("--points", metavar="INPUT", multiple=True, help=say("view_command.points"))
@click.option(
    "--colour",
    "colouring",
    type=click.Choice(_COLOURINGS),
    default="class",
    show_default=True,
    help=say("view_command.colour"),
)
@click.option("--budget", type=int, metavar="N", help=say("view_command.budget"))
@click.option("--radius", type=float, metavar="M", help=say("view_command.radius"))
@click.option("--surroundings", type=float, metavar="M", help=say("view_command.surroundings"))
@click.option(
    "--exaggeration",
    type=float,
    metavar="X",
    default=1.0,
    show_default=True,
    help=say("view_command.exaggeration"),
)
@click.option("--contours", type=float, metavar="M", help=say("view_command.contours"))
@click.option("--section", metavar="E,N,E,N", help=say("view_command.section"))
@click.option("--label", "labels", metavar="TEXT=E,N", multiple=True, help=say("view_command.label"))
@click.option("--no-name", is_flag=True, help=say("view_command.no_name"))
@click.option("--sun", metavar="AZIMUTH,ALTITUDE", help=say("view_command.sun"))
@click.option("--view", "viewpoint", metavar="NAME", help=say("view_command.view"))
@click.option("--from", "bearing", metavar="DIRECTION", help=say("view_command.from"))
@click.option("--distance", type=float, metavar="M", help=say("view_command.distance"))
@click.option("--height", type=float, metavar="M", help=say("view_command.height"))
@click.option("--eye", metavar="E,N", help=say("view_command.eye"))
@click.option("--towards", metavar="E,N", help=say("view_command.towards"))
@click.option(
    "--eye-height",
    type=float,
    metavar="M",
    default=1.6,
    show_default=True,
    help=say("view_command.eye_height"),
)
@click.option("--fov", "field", type=float, metavar="DEGREES", help=say("view_command.fov"))
@click.option("--camera", type=click.Path(path_type=Path, dir_okay=False), help=say("view_command.camera"))
@click.option(
    "--save-camera", type=click.Path(path_type=Path, dir_okay=False), help=say("view_command.save_camera")
)
@click.option("--size", metavar="WxH", default="1920x1080", show_default=True, help=say("view_command.size"))
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 600),
    default=15.0,
    show_default=True,
    metavar="S",
    help=say("view_command.seconds"),
)
@click.option(
    "--rate",
    type=click.IntRange(1, 60),
    default=25,
    show_default=True,
    metavar="N",
    help=say("view_command.rate"),
)
@click.option("--title", default="", metavar="TEXT", help=say("view_command.title"))
@shared.credit
@shared.dem_nodata
@shared.dem_crs
@shared.zone
@shared.threads
def command(place: str, out: Path | None, interactive: bool, **given: Any) -> None:
    """Show a place in three dimensions; the catalogue holds the help."""
    if (out is None) == (not interactive):
        raise ParameterError("view_command.where")
    from pointcloud.geo import places

    request = _request(places.parse(place, zone=given["zone"]), given)
    if out is None:
        _show(request, _size(given["size"]))
        return
    from pointcloud.view.output import Output, write

    output = Output(out, _size(given["size"]), given["seconds"], given["rate"], given["save_camera"])
    with _progress(output) as tell:
        notes = write(request, output, tell)
    for note in notes:
        click.echo(note, err=True)
    click.echo(marked(out))


def _request(place: Place, given: dict[str, Any]) -> ViewRequest:
    from pointcloud.view.camera import load
    from pointcloud.view.request import ViewRequest
    from pointcloud.view.sunlight import Sun

    more: dict[str, Any] = {} if given["budget"] is None else {"budget": given["budget"]}
    if given["sun"] is not None:
        more["sun"] = _NO_SUN if given["sun"] == _NO_SUN else Sun(*_numbers("--sun", given["sun"], 2))
    if given["section"] is not None:
        e0, n0, e1, n1 = _numbers("--section", given["section"], 4)
        more["section"] = ((e0, n0), (e1, n1))
    if given["camera"] is not None:
        more["camera"] = load(given["camera"], given["exaggeration"])
    same = (
        "dem",
        "drape",
        "points",
        "colouring",
        "radius",
        "surroundings",
        "exaggeration",
        "dsm_opacity",
        "contours",
    )
    return ViewRequest(
        place,
        dsm=given["dsm"] or None,
        labels=tuple(_label(text) for text in given["labels"]),
        named=not given["no_name"],
        aim=_aim(place, given),
        crs_wkt=shared.crs_wkt(given["crs"]),
        threads=given["jobs"] or os.cpu_count() or 1,
        **{name: given[name] for name in (*same, "columns", "nodata", "title", "credit")},
        **more,
    )


def _aim(place: Place, given: dict[str, Any]) -> Aim:
    """Return where to look from: a viewpoint of the site, or what the options say."""
    from pointcloud.geo.sites import bearing
    from pointcloud.view.camera import Aim

    stated = [f"--{name}" for name in _AIMS if given[name] is not None]
    if given["camera"] is not None and (stated or given["viewpoint"]):
        raise ParameterError("view_command.two_cameras", first="--camera", second=(stated or ["--view"])[0])
    if given["viewpoint"] is not None:
        if stated:
            raise ParameterError("view_command.two_cameras", first="--view", second=stated[0])
        views = place.site.views if place.site else ()
        for number, view in enumerate(views, start=1):
            if given["viewpoint"] in (str(number), view.en, view.ja):
                return Aim.of(view)
        known = ", ".join(f"{number} {view.name}" for number, view in enumerate(views, start=1)) or "-"
        raise ParameterError("view_command.no_view", name=given["viewpoint"], place=place.name, known=known)
    if given["towards"] is not None and given["eye"] is None:
        raise ParameterError("view_command.no_eye")
    if given["eye"] is not None and {"--bearing", "--distance", "--height"} & set(stated):
        raise ParameterError("view_command.two_cameras", first="--eye", second="--from, --distance, --height")
    pairs: dict[str, tuple[float, float]] = {}
    for name in ("eye", "towards"):
        if given[name] is not None:
            e, n = _numbers(f"--{name}", given[name], 2)
            pairs[name] = (e, n)
    return Aim(
        bearing=None if given["bearing"] is None else bearing(given["bearing"].strip()),
        distance=given["distance"],
        height=given["height"],
        eye=pairs.get("eye"),
        towards=pairs.get("towards"),
        eye_height=given["eye_height"],
        field=given["field"],
    )


def _numbers(option: str, text: str, count: int) -> list[float]:
    from pointcloud.geo.places import numbers

    found = numbers(text)
    if len(found) != count:
        raise ParameterError("view_command.numbers", option=option, text=text.strip(), count=count)
    return found


def _label(text: str) -> Label:
    from pointcloud.view.request import Label

    name, sign, place = text.rpartition("=")
    if not sign or not name.strip():
        raise ParameterError("view_command.label_form", text=text)
    e, n = _numbers("--label", place, 2)
    return Label(name.strip(), e, n)


def _size(text: str) -> tuple[int, int]:
    width, sign, height = text.lower().replace("×", "x").partition("x")
    if not sign or not (width.strip().isdigit() and height.strip().isdigit()):
        raise ParameterError("view_command.size_form", text=text)
    return int(width), int(height)


def _show(request: ViewRequest, size: tuple[int, int]) -> None:
    """Open a window."""
    from pointcloud.view import libraries, vtk_scene
    from pointcloud.view.build import build

    libraries.pyvista()
    if not libraries.has_screen():
        raise ParameterError("view_command.no_screen")
    model = build(request)
    for note in model.notes:
        click.echo(note, err=True)
    plotter = vtk_scene.plotter(model, size, off_screen=False)
    vtk_scene.caption(plotter, model)
    plotter.show(title=model.words.title)


@contextmanager
def _progress(output: Output) -> Iterator[Tell]:
    """Show how far a film is: a bar for a person at a terminal, nothing in a batch file."""
    if output.path.suffix.lower() != ".mp4" or not sys.stderr.isatty():
        yield lambda share: None
        return
    with click.progressbar(length=_STEPS, label=say("grid.bar"), file=sys.stderr) as bar:
        yield lambda share: bar.update(int(share * _STEPS) - bar.pos)
