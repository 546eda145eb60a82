"""``hyogo-pc relief``: DEM files to relief maps."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hyogo_pc import options as shared
from hyogo_pc import progress
from pointcloud.errors import ParameterError
from pointcloud.messages import say
from pointcloud.params import styles
from pointcloud.params.csmap import PRESETS
from pointcloud.plaintext import marked
from pointcloud.textfile import read_toml

if TYPE_CHECKING:
    from pointcloud.params.csmap import CsParams
    from pointcloud.params.styles import StyleParams
    from pointcloud.relief_maps.run import ReliefRequest

_OTHER_FILES = (
    *(".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".pdf", ".svg", ".asc", ".img", ".jp2", ".vrt"),
    *(".gpkg", ".zip", ".laz", ".las"),
)


_LINES = progress.Lines("", "", "run.kept", bar="grid.bar")


@click.command("relief", help=say("relief_command.help"), short_help=say("relief_command.short_help"))
@click.argument("inputs", metavar="DEM…", nargs=-1)
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="OUT", help=say("relief_command.out"))
@click.option(
    "--style",
    "names",
    type=click.Choice(list(styles.STYLES), case_sensitive=False),
    multiple=True,
    help=say("relief_command.style"),
)
@click.option("--values", "numbers", is_flag=True, help=say("relief_command.values"))
@click.option("--preset", metavar="NAME", default=PRESETS[0], help=say("relief_command.preset"))
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help=say("relief_command.set"))
@click.option("--show-preset", is_flag=True, help=say("relief_command.show_preset"))
@shared.dem_nodata
@shared.dem_crs
@shared.compress
@shared.credit
@click.option("--jobs", type=click.IntRange(1), metavar="N", help=say("grid.jobs"))
@shared.scheduler
@click.pass_context
def command(context: click.Context, /, show_preset: bool, **options: Any) -> None:
    """Make relief maps of DEMs; the catalogue holds the help."""
    chosen = chosen_styles(options["names"] or ("cs",), options["preset"], options["settings"])
    if show_preset:
        from pointcloud.params.csmap import CsParams, to_toml

        shown = chosen.get("cs")
        if not isinstance(shown, CsParams):
            raise ParameterError("relief_command.no_cs")
        click.echo(to_toml(shown), nl=False)
        return
    if not options["inputs"] or options["out"] is None:
        raise ParameterError("relief_command.no_input")
    _check_out(options["out"])
    from pointcloud.relief_maps.run import make_relief

    request = _request(options, chosen)
    try:
        with progress.open_progress(_LINES) as watcher:
            report = make_relief(request, watcher)
    except KeyboardInterrupt:
        click.echo(say("grid.stopped", out=request.out), err=True)
        raise
    for path in report.written:
        click.echo(marked(path))
    for why in (*report.bad_files.values(), *report.failed.values()):
        click.echo(say("cli.error", text=why), err=True)
    if not report.ok:
        context.exit(1)


def _check_out(out: Path) -> None:
    """Refuse the name of a file of another kind: it would become a folder."""
    if out.suffix.lower() in _OTHER_FILES and not out.is_dir():
        raise ParameterError("relief_command.suffix", path=out)


def _request(options: dict[str, Any], chosen: dict[str, StyleParams]) -> ReliefRequest:
    from pointcloud.relief_maps.run import ReliefRequest

    return ReliefRequest(
        inputs=options["inputs"],
        out=options["out"],
        styles=chosen,
        numbers=options["numbers"],
        nodata=options["nodata"],
        crs_wkt=shared.crs_wkt(options["crs"]),
        compress=options["compress"],
        credit=options["credit"],
        jobs=options["jobs"] or os.cpu_count() or 1,
        scheduler=options["scheduler"],
    )


def chosen_styles(names: tuple[str, ...], preset: str, settings: tuple[str, ...]) -> dict[str, StyleParams]:
    """Return the values of each style; a setting goes to every style that has a value of its name."""
    chosen: dict[str, StyleParams] = {name: styles.STYLES[name].params for name in names}
    if "cs" in chosen:
        chosen["cs"] = _preset(preset)
    elif preset != PRESETS[0]:
        raise ParameterError("relief_command.no_cs")
    given: dict[str, dict[str, float | str]] = {name: {} for name in chosen}
    for text in settings:
        key, value = _setting(text)
        of, _, rest = key.partition(":")
        takers = [of] if rest and of in chosen else [n for n in chosen if key in styles.names(chosen[n])]
        if not takers:
            known = sorted({name for params in chosen.values() for name in styles.names(params)})
            raise ParameterError("relief.unknown_setting", name=key, known=", ".join(known) or "-")
        for taker in takers:
            given[taker][rest or key] = value
    return {name: styles.changed(params, given[name]) for name, params in chosen.items()}


def _setting(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    if not key.strip() or not value.strip():
        raise ParameterError("relief_command.setting", text=text)
    return key.strip(), value.strip()


def _preset(name: str) -> CsParams:
    """Return a preset by its name, or one that a TOML file holds."""
    from pointcloud.params.csmap import from_table, preset

    path = Path(name)
    if name in PRESETS or not path.is_file():
        return preset(name)
    try:
        return from_table(read_toml(path))
    except ParameterError as error:
        raise ParameterError("params.in_file", path=path, cause=error) from None
    except (OSError, ValueError) as error:
        raise ParameterError("params.file", path=path, cause=error) from None
