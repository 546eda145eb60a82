"""The pages that people read: in step with the program, with each other, and with the files they name."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

import pointcloud
from hyogo_pc import main as cli
from pointcloud import messages
from pointcloud.params.csmap import PRESETS
from pointcloud.params.grid import ALGORITHM, GridParams, read_params
from pointcloud.params.styles import STYLES

ROOT = Path(__file__).resolve().parents[1]
PAIRS = (
    "README",
    "docs/methods",
    "docs/commands",
    "docs/gallery",
    "docs/views",
    "docs/print",
    "docs/prefecture",
    "docs/architecture",
    "CONTRIBUTING",
    "sample_tiles/README",
)
PAGES = [f"{page}{end}" for page in PAIRS for end in (".md", ".ja.md")]
CODE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PICTURES_BYTES = 2_000_000


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def code_of(page: str, kind: str = r"\w+") -> list[str]:
    """The code blocks of a page, without their comments, which are in its language."""
    blocks = [code for name, code in CODE.findall(text_of(page)) if re.fullmatch(kind, name)]
    return [re.sub(r" +# .*", "", code) for code in blocks]


def prose_of(page: str) -> str:
    return CODE.sub("", text_of(page))


def test_every_option_is_on_the_pages_of_commands() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "commands.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize("page", PAIRS)
def test_languages_are_in_step(page: str) -> None:
    english, japanese = (prose_of(page + end) for end in (".md", ".ja.md"))
    for part in (r"^#+(?= )", r"^\|", r"^- ", r"^!\[.*?\]\(.*\)"):
        found = [re.findall(part, prose, re.MULTILINE) for prose in (english, japanese)]
        if part.startswith("^!"):
            found = [[re.sub(r"\[.*?\]", "", picture) for picture in pictures] for pictures in found]
        assert found[0] == found[1], part


@pytest.mark.parametrize("page", PAIRS)
def test_languages_show_the_same_code(page: str) -> None:
    usage = "text"  # the usage line of a command has words in it
    english, japanese = (
        [code for name, code in CODE.findall(text_of(page + end)) if name != usage]
        for end in (".md", ".ja.md")
    )
    plain = [[re.sub(r"#.*|\".*?\"", "", code) for code in blocks] for blocks in (english, japanese)]
    assert plain[0] == plain[1]


@pytest.mark.parametrize("page", [*PAGES, "CHANGELOG.md"])
def test_links_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)", prose_of(page))
    here = (ROOT / page).parent
    dead = [link for link in links if "://" not in link and not (here / link).exists()]
    assert not dead


def commands() -> list[str]:
    lines = {line for page in PAGES for code in code_of(page, "sh|bat") for line in code.splitlines()}
    return sorted(line for line in lines if line.startswith("hyogo-pc "))


@pytest.mark.parametrize("line", commands())
def test_commands_shown_are_understood(line: str) -> None:
    root = cli.app()
    context = click.Context(root, info_name="hyogo-pc")
    name, *arguments = shlex.split(line)[1:]
    if name.startswith("-"):
        assert any(name in parameter.opts for parameter in root.params)
        return
    command = root.get_command(context, name)
    assert command is not None
    command.make_context(name, arguments, parent=context)


@pytest.mark.parametrize("page", ["docs/commands.md", "docs/commands.ja.md"])
def test_parameter_file_shown_is_read(page: str, tmp_path: Path) -> None:
    file = tmp_path / "params.toml"
    file.write_text(code_of(page, "toml")[0], encoding="utf-8")
    values = read_params(file)
    shown = GridParams(**values)
    assert set(values) == set(GridParams.__dataclass_fields__) - {"geoid"}  # a file, which the command takes
    for name in ("products", "excluded_classes", "max_gap", "dsm_max_gap", "water_gap", "precision", "cs"):
        assert getattr(shown, name) == getattr(GridParams(), name)


@pytest.mark.parametrize("page", ["docs/methods.md", "docs/methods.ja.md"])
def test_methods_are_of_this_version(page: str) -> None:
    defaults, text = GridParams(), text_of(page)
    for product, number in ALGORITHM.items():
        assert re.search(rf"\b{product.upper()} {number}\b", text)
    for option, metres in (
        ("--max-gap", defaults.max_gap),
        ("--dsm-max-gap", defaults.dsm_max_gap),
        ("--water-gap", defaults.water_gap),
    ):
        assert re.search(rf"`{option}` ?\({metres:g} m\)", text)
    ramps = (*defaults.cs.elevation, *defaults.cs.slope, *defaults.cs.curvature)
    for ramp in ramps:
        assert f"{ramp.weight:.1%}".replace(".0", "").replace("%", " %") in text
        assert f"{ramp.high:g}" in text


def test_version_is_the_same_everywhere() -> None:
    version = pointcloud.__version__
    assert f"version: {version}\n" in text_of("CITATION.cff")
    assert f'version = "{version}"\n' in text_of("pyproject.toml")
    assert re.search(rf"^## {re.escape(version)} ", text_of("CHANGELOG.md"), re.MULTILINE)
    assert all(f"hyogo-pc {version}" in text_of(page) for page in ("README.md", "README.ja.md"))


@pytest.mark.parametrize(("page", "language"), [("README.md", "en"), ("README.ja.md", "ja")])
def test_lines_of_the_summary_are_those_explained(page: str, language: str) -> None:
    headings = {"en": "What the summary means", "ja": "まとめの読み方"}
    section = text_of(page).partition(f"### {headings[language]}")[2].partition("\n#")[0]
    explained = re.findall(r"^\| (.*?) \|", section, re.MULTILINE)[1:]
    said = [texts[language] for texts in messages.topic("grid").values()]
    assert len(explained) == 9
    assert [line for line in explained if not any(line in text for text in said)] == []


def test_pictures_are_small_and_shown() -> None:
    pictures = [path for path in (ROOT / "docs" / "img").rglob("*") if path.is_file()]
    inner = "".join(
        text_of(f"docs/{page}.md") for page in ("gallery", "commands", "print", "views", "architecture")
    )
    inner += text_of("docs/classification.md")
    shown = text_of("README.md") + inner.replace("](img/", "](docs/img/")
    assert sum(picture.stat().st_size for picture in pictures) < PICTURES_BYTES
    assert [
        name for name in (picture.relative_to(ROOT).as_posix() for picture in pictures) if name not in shown
    ] == []


@pytest.mark.parametrize("page", ["docs/gallery.md", "docs/gallery.ja.md"])
def test_every_style_and_preset_is_in_the_gallery(page: str) -> None:
    text = text_of(page)
    for style in STYLES:
        assert f"](img/gallery/{style}.jpg)" in text
    for name in PRESETS:
        assert f"`{name}`" in text or f"`--preset {name}`" in text
