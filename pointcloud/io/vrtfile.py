"""Mosaics (VRT) of others, made anew: GDAL is given only what was understood here.

GDAL's parser is not Python's: it takes tags in any letter case, and comments, entities and numbers its own way. So a
file is not judged and then handed on. What is allowed of it is written again, with the paths of its sources in full,
and anything else is refused: raw numbers of any file, programs, pictures of services, and all that is not known here.

The vocabulary is that of GDAL's schema (``gdalvrt.xsd``).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from pointcloud.errors import FileError
from pointcloud.machine.limits import limit


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS = _words(
    """
    vrtdataset srs geotransform metadata mdi blockxsize blockysize overviewlist vrtrasterband maskband
    nodatavalue hidenodatavalue colorinterp colortable entry description unittype offset scale categorynames category
    overview simplesource complexsource averagedsource nodatafrommasksource kernelfilteredsource kernel size coefs
    sourcefilename sourceband sourceproperties srcrect dstrect nodata scaleoffset scaleratio lut colortablecomponent
    usemaskband exponent srcmin srcmax dstmin dstmax clamp maskvaluethreshold remappedvalue
    gdalwarpoptions warpmemorylimit resamplealg workingdatatype option options sourcedataset transformer
    approxtransformer maxerror basetransformer genimgprojtransformer srcgeotransform srcinvgeotransform dstgeotransform
    dstinvgeotransform reprojecttransformer reprojectiontransformer sourcesrs targetsrs sourcecrs targetcrs bandlist
    bandmapping srcnodatareal srcnodataimag dstnodatareal dstnodataimag srcalphaband dstalphaband
    """
)
_ATTRIBUTES = _words(
    """
    rasterxsize rasterysize subclass dataaxistosrsaxismapping coordinateepoch key name datatype band blockxsize
    blockysize resampling relativetovrt shared xoff yoff xsize ysize c1 c2 c3 c4 normalized src dst
    """
)
_DROPPED = frozenset({"gcplist", "gdalrasterattributetable", "histograms"})
"""What says nothing of the cells."""

_KINDS = frozenset(
    {"", "vrtdataset", "vrtwarpeddataset", "vrtrasterband", "vrtsourcedrasterband", "vrtwarpedrasterband"}
)
_OPTIONS = _words(
    """
    init_dest unified_src_nodata num_threads sample_grid sample_steps source_extra skip_nosource xscale yscale
    error_out_if_empty_source_window streamable_output optimize_size area_of_interest center_long insert_center_long
    """
)
_SOURCES = ("sourcefilename", "sourcedataset")
_SYSTEMS = ("srs", "sourcesrs", "targetsrs", "sourcecrs", "targetcrs")
_SYSTEM = re.compile(r"\s*([A-Z_0-9]+\s*\[|EPSG:\d+(\+\d+)?\s*$|$)")


@dataclass
class Source:
    """A file that a mosaic names.

    Parameters
    ----------
    text : str
        As it stands there.
    path : Path
    element : Element
    """

    text: str
    path: Path
    element: ElementTree.Element

    def point_to(self, name: str) -> None:
        """Let the mosaic read another name."""
        self.element.text = name


@dataclass
class Mosaic:
    """What a mosaic says, made anew."""

    root: ElementTree.Element
    sources: list[Source] = field(default_factory=list)

    def xml(self) -> bytes:
        """Return it for GDAL to read."""
        return ElementTree.tostring(self.root, "unicode").encode("utf-8", "surrogateescape")


def read(path: Path) -> Mosaic:
    """Return what a mosaic says.

    Raises
    ------
    FileError
        If it cannot be read, is no mosaic, or says what is not allowed here.
    """
    root = _parsed(path)
    if root.tag.lower() != "vrtdataset":
        raise FileError("raster.vrt_broken", path=path, cause=f"<{root.tag}>")
    made = Mosaic(ElementTree.Element(root.tag))
    _copy(root, made.root, path, made)
    if len(made.sources) > limit("sources"):
        raise FileError("raster.sources", path=path, count=len(made.sources), limit=limit("sources"))
    return made


def first_source(path: Path) -> Path | None:
    """Return the first raster that a mosaic, which has been opened, is made of."""
    for source in read(path).sources:
        return first_source(source.path) if source.path.suffix.lower() == ".vrt" else source.path
    return None


def _parsed(path: Path) -> ElementTree.Element:
    try:
        with path.open("rb") as file:
            data = file.read(limit("text") + 1)
        if len(data) > limit("text"):
            raise FileError("raster.vrt_long", path=path, limit=limit("text"))
        text = data.decode("utf-8-sig")
        if "<!DOCTYPE" in text.upper():
            raise FileError("raster.vrt_tag", path=path, tag="DOCTYPE")
        return ElementTree.fromstring(text)
    except OSError as error:
        raise FileError("file.unreadable", path=path, cause=error.strerror or error) from error
    except (ValueError, ElementTree.ParseError, RecursionError) as error:
        raise FileError("raster.vrt_broken", path=path, cause=error) from error


def _copy(old: ElementTree.Element, new: ElementTree.Element, path: Path, made: Mosaic) -> None:
    """Take over what is allowed of an element and those in it."""
    tag = old.tag.lower()
    values = {name.lower(): value for name, value in old.attrib.items()}
    for name in values:
        if name not in _ATTRIBUTES:
            raise FileError("raster.vrt_tag", path=path, tag=f"{old.tag} {name}")
    if values.get("subclass", "").lower() not in _KINDS:
        raise FileError("raster.vrt_tag", path=path, tag=values["subclass"])
    if tag == "option" and values.get("name", values.get("key", "")).lower() not in _OPTIONS:
        raise FileError("raster.vrt_tag", path=path, tag=f"{old.tag} {[*values.values(), ''][0]}")
    text = (old.text or "").strip()
    if tag in _SYSTEMS and not _SYSTEM.match(text):
        raise FileError("raster.vrt_tag", path=path, tag=f"{old.tag} {text[:60]}")
    new.text, new.attrib = text, dict(old.attrib)
    if tag in _SOURCES:
        relative = values.get("relativetovrt", "0").strip() == "1"
        place = Path(path.parent, text) if relative else Path(text)
        kept = {name: value for name, value in old.attrib.items() if name.lower() == "shared"}
        new.attrib = {**kept, "relativeToVRT": "0"}
        made.sources.append(Source(text, place, new))
    for child in old:
        if not isinstance(child.tag, str):  # a comment
            continue
        if child.tag.lower() in _DROPPED or (child.tag.lower() == "metadata" and _in_a_domain(child)):
            continue
        if child.tag.lower() not in _TAGS:
            raise FileError("raster.vrt_tag", path=path, tag=child.tag)
        _copy(child, ElementTree.SubElement(new, child.tag), path, made)


def _in_a_domain(metadata: ElementTree.Element) -> bool:
    """Whether metadata are others than those that every raster has: some domains name files."""
    return any(
        (name.lower() == "domain" and value) or name.lower() == "format" for name, value in metadata.items()
    )


def is_remote(text: str, vrt: PurePath) -> bool:
    """Whether a name leads to another machine: a service, a virtual file system of GDAL, or a share of Windows.

    A share is none that the mosaic itself lies on.
    """
    if "://" in text or text.startswith("<") or text.lower().startswith("/vsi"):
        return True
    if not text.startswith(("//", "\\\\")):
        return False
    share = type(vrt)(text).drive
    return bool(share) and share.lower() != vrt.drive.lower()
