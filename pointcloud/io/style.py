"""Style files for QGIS: the states of a quality raster, and any other values, by colour and name."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

from pointcloud.messages import say
from pointcloud.params import BRIDGED, INTERPOLATED, MEASURED, STATE_COLOURS, VOID, WATER

STATE_WORDS: dict[int, str] = {
    MEASURED: "quality.measured",
    INTERPOLATED: "quality.interpolated",
    BRIDGED: "quality.bridged",
    WATER: "quality.water",
    VOID: "quality.void",
}
"""Messages that name the states."""


def qgis_style() -> bytes:
    """Return a QGIS style (.qml) that shows the states of band 1 by colour and name, in the language in use."""
    return palette((state, colour, say(STATE_WORDS[state])) for state, colour in STATE_COLOURS.items())


def palette(entries: Iterable[tuple[int, tuple[int, int, int], str]]) -> bytes:
    """Return a QGIS style (.qml) that shows the values of band 1 by colour and name."""
    lines = [
        f'          <paletteEntry value="{value}" color="#{red:02x}{green:02x}{blue:02x}" alpha="255"'
        f" label={quoteattr(label)}/>"
        for value, (red, green, blue), label in entries
    ]
    return _style(
        '    <rasterrenderer type="paletted" band="1" opacity="1" alphaBand="-1" nodataColor="">',
        "      <colorPalette>",
        *lines,
        "      </colorPalette>",
    )


def steps(entries: Iterable[tuple[float, tuple[int, int, int], str]]) -> bytes:
    """Return a QGIS style (.qml) that shows band 1 by colour up to each value; ``inf`` for all above."""
    lines = [
        f'          <item value="{value:g}" color="#{red:02x}{green:02x}{blue:02x}" alpha="255"'
        f" label={quoteattr(label)}/>"
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
