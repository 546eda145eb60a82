"""The commands that are compared: every verb of the program, over small inputs.

``{sample}`` is the folder of sample tiles, ``{shared}`` that of the real ones, ``{made}`` what ``inputs`` makes, and
``{own}`` the command's own folder. What an earlier command made is named by that one's folder: ``sheets/out/DEM_1g``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SHARED, OPENGL, PDAL = "shared", "OpenGL", "PDAL"


@dataclass(frozen=True)
class Command:
    """One run of the program.

    Parameters
    ----------
    name : str
        Of the command, and of its folder.
    line : str
        Arguments, split at blanks; then places are filled in.
    code : int
        The exit code that it must end with: a command that fails on both sides compares nothing.
    after : tuple of str
        Commands whose outputs it reads.
    copy : str
        The command whose folder, as it is, this one begins with.
    without : str
        Pattern of the files of that folder that are taken away first.
    needs : tuple of str
        What must be there for it to be run.
    """

    name: str
    line: str
    code: int = 0
    after: tuple[str, ...] = ()
    copy: str = ""
    without: str = ""
    needs: tuple[str, ...] = ()

    def arguments(self, places: dict[str, str]) -> list[str]:
        """Return the arguments, with these places filled in."""
        return [part.format(own=self.name, **places) for part in self.line.split()]

    @property
    def before(self) -> tuple[str, ...]:
        """The commands that must have run."""
        return (*self.after, self.copy) if self.copy else self.after


STYLES = (
    *("cs", "slope", "aspect", "hillshade", "multi-hillshade", "curvature", "profile-curvature"),
    *("plan-curvature", "sky-view", "openness", "negative-openness", "local-relief", "local-dominance"),
    *("shaded-heights", "vat", "combined-vat"),
)
ALL_STYLES = " ".join(f"--style {style}" for style in STYLES)
ALL_PRODUCTS = " ".join(f"-p {product}" for product in ("dsm", "dem", *STYLES, "quality"))

WEST = "{sample}/05PE5523.laz {sample}/05PE5533.laz"
FOREST = "{shared}/als_forest/bcts_1.laz {shared}/als_forest/bcts_2.laz"
URBAN = "{shared}/als_urban/ahn3_cropped_1.laz"
GORGE = "{shared}/jp_shizuoka/08OF4060_NW.laz"
SLOVENIA = "{shared}/dem_archaeology/TM1_564_146.tif"
AT = "21896,-165766"
LINE = "--line A={made}/lines.geojson"
SIX = f"{WEST} {{sample}}/05PE5524.laz --ground {{sample}}/ground -r 1 -r 0.5 --sheet 500 --jobs 2"

QUESTIONS = (
    Command("info", "info {sample}"),
    Command("info-json", "info {sample}/05PE5523.laz {sample}/ground --json"),
    Command("info-japanese", "--lang ja info {sample}/05PE5533.laz"),
    Command("info-formats", "info {shared}/formats", 1, needs=(SHARED,)),
    Command(
        "plan", "plan {sample} -o {own}/no --sheet 500 --json {own}/plan.json --geojson {own}/plan.geojson"
    ),
    Command("plan-without-data", "--lang ja plan -o {own}/no --area 05PE55 --crs EPSG:6673 --density 4"),
    Command(
        "check",
        "check {sample} --ground {sample}/ground --control {made}/control.csv"
        " --json {own}/check.json --html {own}/check.html",
        1,
    ),
    Command("check-real", f"--lang ja check {FOREST} --html {{own}}/check.html", needs=(SHARED,)),
    Command("check-texts", "check {made}/text {made}/points --crs EPSG:6673", 3),
    Command("sheet", "sheet 05PE5523 takeda 45078,-77513 35.3003,134.8290"),
    Command("sheet-json", "sheet sample --json"),
    Command("sheet-geojson", "sheet takeda --geojson --level 500 -o {own}/sheets.geojson"),
    Command("sites", "sites"),
    Command("sites-json", "--lang ja sites --json"),
    Command("no-such-file", "grid {own}/no.laz -o {own}/out", 2),
)

GRIDDING = (
    Command("sheets", f"grid {SIX} -o {{own}}/out --log {{own}}/run.log"),
    Command("sheets-again", f"grid {SIX} -o {{own}}/out", copy="sheets"),
    Command("sheets-resumed", f"--lang ja grid {SIX} -o {{own}}/out", copy="sheets", without="out/*/*5533*"),
    Command("sheets-refused", f"grid {SIX} --max-gap 20 -o {{own}}/out", 2, copy="sheets"),
    Command("sheets-redone", f"grid {SIX} --max-gap 20 --redo -o {{own}}/out", copy="sheets"),
    Command("products", f"grid {{sample}}/05PE5523.laz --sheet 500 -o {{own}}/out {ALL_PRODUCTS}"),
    Command(
        "squares",
        "grid {sample}/05PE5534.laz --area 21700,-166100,21900,-166000 --sheet none --tile-size 100"
        " -r 0.5 --compress zstd --precision 0.01 --credit 見本 --reference {sample}/truth_1g.tif"
        " --vertical EPSG:6695 -o {own}/out",
    ),
    Command(
        "texts-of-points",
        "grid {made}/points --crs EPSG:6673 --geoid {made}/geoid/gsigeo2011.gtx -o {own}/out",
    ),
    Command("smrf", "grid {sample}/original --classify smrf --preset site --sheet 500 -o {own}/out"),
    Command(
        "pdal-pipeline",
        "grid {sample}/05PE5523.laz --pipeline {made}/stages.json --sheet 500 -o {own}/out",
        needs=(PDAL,),
    ),
    Command("forest", f"grid {FOREST} --sheet none --tile-size 200 -o {{own}}/out --jobs 2", needs=(SHARED,)),
    Command(
        "urban",
        f"grid {URBAN} --crs EPSG:28992 --sheet none --classify smrf --preset town -o {{own}}/out",
        needs=(SHARED,),
    ),
    Command("gorge", f"grid {GORGE} -r 1 -r 0.5 -p dem -p quality -o {{own}}/out", needs=(SHARED,)),
    Command("status", "status sheets/out", after=("sheets",)),
    Command("status-json", "status sheets/out --json", after=("sheets",)),
    Command("verify", "verify sheets/out --deep {sample}", after=("sheets",)),
    Command("verify-missing", "verify {own}/out", 1, copy="sheets", without="out/DEM_1g/*5533*"),
)

CLASSES = (
    Command("classify", "classify {sample}/original {sample}/05PE5524.laz --jobs 2 -o {own}/out"),
    Command("classify-layers", "classify {sample}/05PE5535.laz --heights 0.5,2,5 --buildings 1 -o {own}/out"),
    Command("classify-real", f"classify {URBAN} --crs EPSG:28992 -o {{own}}/out", needs=(SHARED,)),
)

RELIEF = (
    Command("relief", f"relief sheets/out/DEM_1g {ALL_STYLES} -o {{own}}/out", after=("sheets",)),
    Command(
        "relief-values",
        f"relief sheets/out/DEM_1g {ALL_STYLES} --values -o {{own}}/out",
        2,
        after=("sheets",),
    ),
    Command(
        "relief-numbers",
        "relief sheets/out/DEM_05g --style slope --style openness --style local-relief --style curvature"
        " --style sky-view --values --set openness:radius=20 -o {own}/out",
        after=("sheets",),
    ),
    *(
        Command(f"relief-{preset}", f"relief {{sample}}/truth_1g.tif --preset {preset} -o {{own}}/cs.tif")
        for preset in ("hyogo", "toda", "fme2020", "csmap-py")
    ),
    Command("relief-preset", "relief --show-preset --preset toda --set sigma=2"),
    Command(
        "relief-real",
        f"relief {SLOVENIA} --style cs --style combined-vat --credit RVT -o {{own}}/out",
        needs=(SHARED,),
    ),
    *(
        Command(
            f"viewshed-{show}",
            f"viewshed sample --dem {{sample}}/truth_1g.tif --show {show} -o {{own}}/v.tif",
        )
        for show in ("visible", "needed", "picture")
    ),
    Command(
        "viewshed-two",
        f"viewshed {AT} 21450,-165750 --dem sheets/out/DEM_1g --radius 500 --flat -o {{own}}/v.tif",
        after=("sheets",),
    ),
)

CONVERTING = (
    Command("convert-text", "convert {made}/text {made}/zip -o {own}/out"),
    Command("convert-gml", "convert {made}/gml -o {own}/out"),
    Command("convert-gml-zone", "--lang ja convert {made}/gml --crs EPSG:6673 --sheet 500 -o {own}/out"),
    Command("convert-lem", "convert {made}/lem --geoid {made}/geoid/gsigeo2011.gtx -o {own}/out"),
    Command("convert-geotiff", "convert {sample}/truth_1g.tif -p dem -o {own}/out"),
    Command("convert-real", "convert {shared}/jp_hyogo -o {own}/out", needs=(SHARED,)),
    Command("convert-to-text", "convert sheets/out/DEM_1g --to text -o {own}/out", after=("sheets",)),
    Command(
        "convert-to-flags", "convert products/out/DEM_1g --to flagged-text -o {own}/out", after=("products",)
    ),
    Command(
        "convert-back",
        "convert convert-to-text/out --crs EPSG:6673 -o {own}/out",
        after=("convert-to-text",),
    ),
    Command("verify-converted", "verify convert-gml/out", after=("convert-gml",)),
    Command(
        "mosaic",
        "mosaic sheets/out/DEM_1g {sample}/truth_1g.tif --whole --sheet 500 -o {own}/out",
        after=("sheets",),
    ),
    Command(
        "mosaic-again",
        "mosaic sheets/out/DEM_1g {sample}/truth_1g.tif --whole --sheet 500 -o {own}/out",
        after=("sheets",),
        copy="mosaic",
    ),
    Command(
        "mosaic-texts",
        "mosaic sheets/out convert-to-text/out --feather 0 --area 05PE551 -p dem -o {own}/out",
        after=("sheets", "convert-to-text"),
    ),
)

DRAWING = (
    Command(
        "map",
        "map {sample}/truth_1g.tif --at sample --date 2026-01-01 --dpi 150 --overlay {made}/lines.geojson"
        " --label name --contours {own}/c.gpkg --contours {own}/c.dxf"
        " -o {own}/map.pdf -o {own}/map.png -o {own}/map.svg",
    ),
    Command(
        "map-japanese",
        "--lang ja map sheets/out/DEM_05g --date 2026-01-01 --dpi 100 --style vat --paper A3 --magnetic 7.8W"
        " -o {own}/map.pdf",
        after=("sheets",),
    ),
    Command(
        "profile",
        "profile sheets/out/DEM_1g --dsm sheets/out/DSM_1g --points {sample}/05PE5524.laz --date 2026-01-01"
        " --line {made}/lines.geojson -o {own}/p.pdf -o {own}/p.csv -o {own}/p.png --dpi 100",
        after=("sheets",),
    ),
    Command(
        "view",
        "view sample --dem {sample}/truth_1g.tif --drape cs --points {sample}/05PE5524.laz --size 640x360"
        " --contours 5 --save-camera {own}/camera.json -o {own}/view.png",
        needs=(OPENGL,),
    ),
    Command(
        "view-page",
        "view sample --dem {sample}/truth_1g.tif --drape cs --points {sample}/05PE5524.laz --budget 50000"
        " -o {own}/view.html",
    ),
    Command("sample", "sample -o {own}/out --seed 2"),
)

COMMANDS: Sequence[Command] = (*QUESTIONS, *GRIDDING, *CLASSES, *RELIEF, *CONVERTING, *DRAWING)


def chosen(names: Sequence[str], commands: Sequence[Command] = COMMANDS) -> list[Command]:
    """Return the commands of these names, and those that they come after; all if none is named.

    Raises
    ------
    KeyError
        If there is none of a name.
    """
    by_name = {command.name: command for command in commands}
    wanted: set[str] = set()
    queue = list(names)
    while queue:
        command = by_name[queue.pop()]
        wanted.add(command.name)
        queue += command.before
    return [command for command in commands if not names or command.name in wanted]
