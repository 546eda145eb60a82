"""Style files for QGIS: the states of a quality raster, and any other values, by colour and name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pointcloud.messages import say
from pointcloud.params.grid import BRIDGED, INTERPOLATED, MEASURED, STATE_COLOURS, VOID, WATER
from pointcloud.plaintext import to_html

STATE_WORDS: dict[int, str] = {
    MEASURED: "quality.measured",
    INTERPOLATED: "quality.interpolated",
    BRIDGED: "quality.bridged",
    WATER: "quality.water",
    VOID: "quality.void",
}
"""Messages that name the states."""


SOURCE_COLOURS = (
    *((90, 90, 90), (86, 180, 233), (230, 159, 0), (0, 158, 115), (204, 121, 167)),
    *((0, 114, 178), (240, 228, 66), (213, 94, 0)),
)
"""Of the sources of a mosaic, from the first on, and over again: grey for the best, then those of Okabe & Ito (2008),
which the colour-blind tell apart."""


def source_colours(count: int) -> dict[int, tuple[int, int, int]]:
    """Return the colour of each source of a mosaic, by its number."""
    return {number: SOURCE_COLOURS[(number - 1) % len(SOURCE_COLOURS)] for number in range(1, count + 1)}


def qgis_style() -> bytes:
    """Return a QGIS style (.qml) that shows the states of a quality raster, in the language in use."""
    return paletted(STATE_COLOURS, {state: say(word) for state, word in STATE_WORDS.items()})


def paletted(colours: Mapping[int, tuple[int, int, int]], labels: Mapping[int, str]) -> bytes:
    """Return a QGIS style (.qml) that shows the codes of band 1 by colour and name."""
    entries = [
        f'          <paletteEntry value="{code}" color="#{red:02x}{green:02x}{blue:02x}" alpha="255"'
        f' label="{to_html(labels[code])}"/>'
        for code, (red, green, blue) in colours.items()
    ]
    return _style(
        '    <rasterrenderer type="paletted" band="1" opacity="1" alphaBand="-1" nodataColor="">',
        "      <colorPalette>",
        *entries,
        "      </colorPalette>",
    )


def steps(entries: Iterable[tuple[float, tuple[int, int, int], str]]) -> bytes:
    """Return a QGIS style (.qml) that shows band 1 by colour up to each value; ``inf`` for all above."""
    lines = [
        f'          <item value="{value:g}" color="#{red:02x}{green:02x}{blue:02x}" alpha="255"'
        f' label="{to_html(label)}"/>'
        for value, (red, green, blue), label in entries
    ]
    return _style(
        '    <rasterrenderer type="singlebandpseudocolor" band="1" opacity="1" alphaBand="-1" nodataColor="">',
        "      <rastershader>",
        '        <colorrampshader colorRampType="DISCRETE" classificationMode="1" clip="0">',
        *lines,
        "        </colorrampshader>",
        "      </rastershader>",
    )


def _style(*renderer: str) -> bytes:
    lines = [
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>",
        '<qgis version="3.22" styleCategories="Symbology">',
        "  <pipe>",
        *renderer,
        "    </rasterrenderer>",
        "  </pipe>",
        "  <blendMode>0</blendMode>",
        "</qgis>",
        "",
    ]
    return "\n".join(lines).encode()
