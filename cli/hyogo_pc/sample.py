"""``hyogo-pc sample``: tiles of a made-up place to try the program on."""

from __future__ import annotations

from pathlib import Path

import click

from pointcloud.messages import say


@click.command("sample", help=say("sample.help", tiles=6), short_help=say("sample.short_help"))
@click.option(
    "-o",
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("sample_tiles"),
    show_default=True,
    metavar="FOLDER",
    help=say("sample.out"),
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, metavar="N", help=say("sample.seed")
)
def command(folder: Path, seed: int) -> None:
    """Write the sample and list its files on stdout."""
    from pointcloud.sample import LINES, write

    done = 0

    def progress() -> None:
        nonlocal done
        done += 1
        click.echo(say("sample.writing", done=done, all=len(LINES)), err=True)

    files = write(folder, seed, progress=progress)
    sizes = [file.stat().st_size for file in files]
    for file, size in zip(files, sizes, strict=True):
        name = file.relative_to(folder).as_posix()
        click.echo(say("sample.file", name=f"{name:28}", size=f"{size / 1e3:6,.0f}"))
    for original in (file for file in files if file.parent.name == "original"):
        click.echo(say("sample.pair", original=f"original/{original.name}", ground=f"ground/{original.name}"))
    click.echo(say("sample.done", count=len(files), size=f"{sum(sizes) / 1e6:.1f}", folder=folder))
