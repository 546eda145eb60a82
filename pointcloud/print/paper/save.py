"""Pages to files: PDF with a named layer each, PNG, SVG.

A PDF is put together of one transparent page per layer, drawn separately, as optional content (ISO 32000-1, 8.11), so
that QGIS, Illustrator and viewers show the layers by name. Text stays text, in embedded subsets of its fonts.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pointcloud.errors import ParameterError
from pointcloud.io.put import put
from pointcloud.plaintext import marked
from pointcloud.print.paper import cff
from pointcloud.print.paper.libraries import need
from pointcloud.print.paper.page import POINTS_PER_MM, Layer, Page, Picture, Rect

SUFFIXES = (".pdf", ".png", ".svg")

_JPEG_QUALITY = 95
"""Of pictures in a PDF: no difference is seen, in a sixth of the bytes that lossless ones take."""

_SETTINGS: dict[str, Any] = {
    "pdf.fonttype": 42,  # fonts, which Illustrator edits
    "pdf.compression": 6,
    "svg.fonttype": "path",  # an SVG holds no fonts: other machines may lack them
    "svg.hashsalt": "hyogo-pc",
    "path.simplify": False,
    "path.snap": False,
    "agg.path.chunksize": 20_000,
    "axes.unicode_minus": True,
}

_OUTLINES = {"pdf.fonttype": 3}
"""A drawing for each letter: text is still found and copied, but not edited."""


def write(page: Page, path: Path, *, dpi: float = 350.0, title: str = "", author: str = "") -> None:
    """Write a page to a file, whose suffix says what it is.

    Parameters
    ----------
    page : Page
    path : Path
        ``.pdf``, ``.png`` or ``.svg``.
    dpi : float
        Pixels an inch, of a PNG.
    title, author : str
        For the metadata.

    Raises
    ------
    ParameterError
        If the suffix is another one, a library is missing, or no font has all letters of a text.
    OutputError
        If the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix == ".pdf":
        put(path, pdf(page, title=title, author=author))
    elif suffix == ".png":
        put(path, png(page, dpi, title=title, author=author))
    elif suffix == ".svg":
        put(path, svg(page, title=title, author=author))
    else:
        raise ParameterError("print.suffix", path=path, suffixes=", ".join(SUFFIXES))


def pdf(page: Page, *, title: str = "", author: str = "") -> bytes:
    """Return a page as a PDF, each layer under its name; the same bytes for the same page."""
    pike = need("pikepdf")
    document = pike.new()
    document.add_blank_page(page_size=(page.width * POINTS_PER_MM, page.height * POINTS_PER_MM))
    sheet = document.pages[0]
    groups, content = [], []
    sheet.Resources = pike.Dictionary(XObject=pike.Dictionary(), Properties=pike.Dictionary())
    for number, layer in enumerate(page.layers):
        group = document.make_indirect(pike.Dictionary(Type=pike.Name.OCG, Name=pike.String(layer.name)))
        groups.append(group)
        sheet.Resources.Properties[f"/L{number}"] = group
        content.append(f"/OC /L{number} BDC".encode())
        for index, picture in enumerate(layer.pictures):
            name = f"/P{number}_{index}"
            sheet.Resources.XObject[name] = _jpeg(document, picture)
            content.append(_placed(name, picture))
        if layer.draws:
            with _vectors(page, layer) as drawn:
                form = document.copy_foreign(drawn.pages[0].as_form_xobject())
            sheet.Resources.XObject[f"/F{number}"] = form
            content.append(f"q /F{number} Do Q".encode())
        content.append(b"EMC")
    sheet.Contents = document.make_stream(b"\n".join(content))
    order = pike.Array(groups[::-1])  # a list of layers has the uppermost first
    state = pike.Dictionary(Order=order, ON=pike.Array(groups), Name=pike.String("Layers"))
    document.Root.OCProperties = pike.Dictionary(OCGs=pike.Array(groups), D=state)
    document.Root.PageMode = pike.Name.UseOC
    _describe(pike, document, title, author)
    out = io.BytesIO()
    document.save(out, deterministic_id=True, min_version="1.5")
    return out.getvalue()


def _describe(pike: Any, document: Any, title: str, author: str) -> None:
    for key, value in (("/Title", title), ("/Author", author), ("/Creator", "hyogo-pc")):
        if value:
            document.docinfo[key] = pike.String(marked(value))


def _jpeg(document: Any, picture: Picture) -> Any:
    """Return pixels as an image of the document, as JPEG with all its colour."""
    pike = need("pikepdf")
    buffer = io.BytesIO()
    Image.fromarray(picture.pixels).save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    rows, cols = picture.pixels.shape[:2]
    image = document.make_stream(buffer.getvalue())
    for key, value in (
        ("/Type", pike.Name.XObject),
        ("/Subtype", pike.Name.Image),
        ("/Width", cols),
        ("/Height", rows),
        ("/ColorSpace", pike.Name.DeviceRGB),
        ("/BitsPerComponent", 8),
        ("/Filter", pike.Name.DCTDecode),
    ):
        image[key] = value
    return image


def _placed(name: str, picture: Picture) -> bytes:
    """Return the instructions that show an image over its rectangle, clipped."""

    def points(*values: float) -> str:
        return " ".join(f"{value * POINTS_PER_MM:.6f}" for value in values)

    clip, place = picture.clip, picture.place
    window = points(clip.left, clip.bottom, clip.width, clip.height)
    matrix = f"{points(place.width)} 0 0 {points(place.height)} {points(place.left, place.bottom)}"
    return f"q {window} re W n {matrix} cm {name} Do Q".encode()


def _vectors(page: Page, layer: Layer) -> Any:
    """Return a layer as a document of its own. Texts in a font that a PDF cannot hold are outlines with a meaning."""
    pike = need("pikepdf")
    with suppress(cff.NoPostScriptFontError):
        document = pike.open(_drawn(page, layer, _SETTINGS))
        cff.mend(document)
        return document
    return pike.open(_drawn(page, layer, _SETTINGS | _OUTLINES))


def _drawn(page: Page, layer: Layer, settings: Mapping[str, Any]) -> io.BytesIO:
    out = io.BytesIO()
    with _figure(page.width, page.height, [layer], settings=settings) as figure:
        canvas = need("matplotlib.backends.backend_pdf").FigureCanvasPdf(figure)
        canvas.print_pdf(out, metadata={"CreationDate": None, "Producer": None, "Creator": None})
    return out


def png_size(page: Page, dpi: float) -> tuple[int, int]:
    """Return width and height in pixels of a page's PNG: whole pixels from the upper left corner."""
    return round(page.width * dpi / 25.4), round(page.height * dpi / 25.4)


def png(page: Page, dpi: float, *, title: str = "", author: str = "", note: str = "") -> bytes:
    """Return a page as a PNG. A pixel is 25.4 / dpi mm, exactly: the page is cut or widened by under one."""
    cols, rows = png_size(page, dpi)
    canvas = Image.new("RGB", (cols, rows), "white")
    for layer in page.layers:
        for picture in layer.pictures:
            _paste(canvas, picture, page.height, dpi)
    width, height = cols * 25.4 / dpi, rows * 25.4 / dpi
    with _figure(width, height, page.layers, top=page.height) as figure:
        figure.set_dpi(dpi)
        agg = need("matplotlib.backends.backend_agg").FigureCanvasAgg(figure)
        agg.draw()
        drawn = Image.fromarray(np.asarray(agg.buffer_rgba()))
    if drawn.size != (cols, rows):
        raise AssertionError(f"drawn at {drawn.size} instead of {(cols, rows)}")
    canvas.paste(drawn, (0, 0), drawn)
    info = PngInfo()
    for key, value in (("Title", title), ("Author", author), ("Comment", note)):
        if value:
            info.add_itxt(key, marked(value))
    out = io.BytesIO()
    canvas.save(out, "PNG", dpi=(dpi, dpi), pnginfo=info, compress_level=6)
    return out.getvalue()


def _paste(canvas: Image.Image, picture: Picture, top: float, dpi: float) -> None:
    """Put pixels on the canvas, to the nearest pixel; resampled unless they are of its size."""
    left, right = (round(x * dpi / 25.4) for x in (picture.place.left, picture.place.right))
    upper, lower = (round((top - y) * dpi / 25.4) for y in (picture.place.top, picture.place.bottom))
    image = Image.fromarray(picture.pixels)
    if image.size != (right - left, lower - upper):
        image = image.resize((right - left, lower - upper), Image.Resampling.BICUBIC)
    clip = picture.clip
    first, last = (round(x * dpi / 25.4) for x in (clip.left, clip.right))
    begin, end = (round((top - y) * dpi / 25.4) for y in (clip.top, clip.bottom))
    box = (max(first, left), max(begin, upper), min(last, right), min(end, lower))
    part = image.crop((box[0] - left, box[1] - upper, box[2] - left, box[3] - upper))
    canvas.paste(part, box[:2])


def svg(page: Page, *, title: str = "", author: str = "") -> bytes:
    """Return a page as an SVG; texts are outlines."""
    out = io.BytesIO()
    with _figure(page.width, page.height, page.layers, pictures=True) as figure:
        canvas = need("matplotlib.backends.backend_svg").FigureCanvasSVG(figure)
        canvas.print_svg(
            out, metadata={"Date": None, "Title": marked(title), "Creator": marked(author or "hyogo-pc")}
        )
    return out.getvalue()


@contextmanager
def _figure(
    width: float,
    height: float,
    layers: Sequence[Layer],
    *,
    top: float | None = None,
    pictures: bool = False,
    settings: Mapping[str, Any] = _SETTINGS,
) -> Iterator[Any]:
    """Give a transparent figure of a size in millimetres with these layers, its upper edge at ``top``."""
    top = height if top is None else top
    with need("matplotlib").rc_context(dict(settings)):
        figure = need("matplotlib.figure").Figure(figsize=(width / 25.4, height / 25.4), dpi=72)
        figure.patch.set_alpha(0.0)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        for layer in layers:
            for picture in layer.pictures if pictures else ():
                _show(axes, picture)
            for draw in layer.draws:
                draw(axes)
        axes.set_xlim(0.0, width)
        axes.set_ylim(top - height, top)
        # The order on the page is that of the instructions, whatever their kind.
        for number, artist in enumerate(axes.get_children()):
            artist.set_zorder(number)
        yield figure


def _show(axes: Any, picture: Picture) -> None:
    place: Rect = picture.place
    image = axes.imshow(
        picture.pixels,
        extent=(place.left, place.right, place.bottom, place.top),
        aspect="auto",
        interpolation="none",
    )
    clip = picture.clip
    patch = need("matplotlib.patches").Rectangle(
        (clip.left, clip.bottom), clip.width, clip.height, transform=axes.transData
    )
    image.set_clip_path(patch)
