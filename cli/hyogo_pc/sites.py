"""``hyogo-pc sites``: the places that have a name.

``--json`` writes a list of objects with ``key``, ``en``, ``ja``, ``also``, ``zone``, ``easting``, ``northing``,
``radius``, ``source`` and the names (``en``, ``ja``) of its ``views``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from hyogo_pc import options
from pointcloud.geo import places, sheets, sites
from pointcloud.geo.places import Place
from pointcloud.geo.sites import Site
from pointcloud.messages import say
from pointcloud.plaintext import marked, to_json


@click.command("sites", help=say("sites.help"), short_help=say("sites.short_help"))
@options.as_json
def command(as_json: bool) -> None:
    """List the sites; the catalogue holds the help."""
    found = [(site, places.at_site(site)) for site in sites.all_sites().values()]
    if as_json:
        click.echo(to_json([_as_json(*each) for each in found], indent=1))
        return
    click.echo("\n\n".join("\n".join(_as_text(*each)) for each in found))
    click.echo(say("sites.yours", path=sites.users_file()), err=True)


def _as_json(site: Site, place: Place) -> dict[str, Any]:
    return {
        "key": site.key,
        "en": site.en,
        "ja": site.ja,
        "also": list(site.also),
        "zone": place.zone,
        "easting": round(place.e, 3),
        "northing": round(place.n, 3),
        "radius": site.radius,
        "source": site.source,
        "views": [{"en": view.en, "ja": view.ja} for view in site.views],
    }


def _as_text(site: Site, place: Place) -> Iterator[str]:
    yield marked(f"{site.key}: {site.en} / {site.ja}")
    code = sheets.codes_at(place.e, place.n, place.zone)["2500"]
    e, n = f"{place.e:.0f}", f"{place.n:.0f}"
    yield say("sites.site", zone=place.zone, e=e, n=n, radius=site.radius, sheet=code)
    if site.also:
        yield say("sites.also", names=", ".join(site.also))
    for view in site.views:
        yield say("sites.view", name=view.name)
    yield say("sites.source", source=site.source)
