"""How a map shows a quality raster: colours and words of its states, and a style file for QGIS."""

from __future__ import annotations

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
    entries = [
        f'          <paletteEntry value="{state}" color="#{red:02x}{green:02x}{blue:02x}" alpha="255"'
        f" label={quoteattr(say(STATE_WORDS[state]))}/>"
        for state, (red, green, blue) in STATE_COLOURS.items()
    ]
    lines = [
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>",
        '<qgis version="3.22" styleCategories="Symbology">',
        "  <pipe>",
        '    <rasterrenderer type="paletted" band="1" opacity="1" alphaBand="-1" nodataColor="">',
        "      <colorPalette>",
        *entries,
        "      </colorPalette>",
        "    </rasterrenderer>",
        "  </pipe>",
        "  <blendMode>0</blendMode>",
        "</qgis>",
        "",
    ]
    return "\n".join(lines).encode()
