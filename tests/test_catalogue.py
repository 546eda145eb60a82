"""Every text exists in both languages, is used, and is given the values it names."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from pointcloud import messages

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "pointcloud" / "catalogue"
TOPICS = sorted(path.stem for path in CATALOGUE.glob("*.toml"))
SOURCES = sorted([*ROOT.glob("pointcloud/**/*.py"), *ROOT.glob("cli/**/*.py")])
FOUND_BY_TEXT = {"click"}  # looked up by the English text, not by name

CLICK_MODULES = ("core", "exceptions", "formatting", "types", "parser")
FOR_DEVELOPERS = re.compile(  # what Click says to programmers, of commands declared wrongly or deprecated
    r"deprecat|Could not determine name|No options defined|Arguments take exactly|defined twice|same flag for"
    r"|start character|^Choice\("
)


@cache
def catalogue() -> dict[str, dict[str, str]]:
    return {
        f"{topic}.{name}": texts
        for topic in TOPICS
        for name, texts in tomllib.loads((CATALOGUE / f"{topic}.toml").read_text(encoding="utf-8")).items()
    }


@cache
def parsed() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in SOURCES]


def nodes() -> Iterator[tuple[str, ast.AST]]:
    """Every node of the program, and where it is."""
    for path, tree in parsed():
        for node in ast.walk(tree):
            yield f"{path.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 0)}", node


def whole_texts() -> set[tuple[str, object]]:
    """Every constant of the program that is not a part of an f-string, and where it is."""
    parts = {id(part) for _, node in nodes() if isinstance(node, ast.JoinedStr) for part in node.values}
    return {
        (where, node.value)
        for where, node in nodes()
        if isinstance(node, ast.Constant) and id(node) not in parts
    }


def speaks(call: ast.Call) -> bool:
    """Whether a call takes a message's name and values: say(…), SomeError(…), Remark.of(…)."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in ("say", "of") or name.endswith("Error")


def is_message(text: object) -> bool:
    match = re.fullmatch(r"(\w+)\.(\w+)", text) if isinstance(text, str) else None
    return bool(match) and match[1] in TOPICS and match[2] not in ("py", "toml")


def fields(text: str) -> set[str]:
    return {name.partition(".")[0] for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("message", sorted(catalogue()))
def test_both_languages_with_the_same_values(message: str) -> None:
    texts = catalogue()[message]
    assert set(texts) == set(messages.LANGUAGES)
    assert all(text.strip() for text in texts.values())
    assert fields(texts["en"]) == fields(texts["ja"])


def test_every_message_used_is_there() -> None:
    missing = [where for where, text in whole_texts() if is_message(text) and text not in catalogue()]
    assert not missing


def test_every_message_there_is_used() -> None:
    whole = {text for _, text in whole_texts()}
    starts = tuple(  # f"grid.side_{side}" uses all that begin like it
        node.values[0].value
        for _, node in nodes()
        if isinstance(node, ast.JoinedStr)
        and isinstance(node.values[0], ast.Constant)
        and re.match(r"\w+\.\w", str(node.values[0].value))
    )
    unused = [
        name
        for name in catalogue()
        if name not in whole and not name.startswith(starts) and name.partition(".")[0] not in FOUND_BY_TEXT
    ]
    assert not unused


def test_every_call_gives_the_values_its_message_names() -> None:
    lacking = []
    for where, node in nodes():
        if not (isinstance(node, ast.Call) and node.args and speaks(node)):
            continue
        message, given = getattr(node.args[0], "value", None), {keyword.arg for keyword in node.keywords}
        if message in catalogue() and None not in given:
            lack = fields(catalogue()[message]["en"]) - given
            if lack:
                lacking.append(f"{where}: {message} lacks {', '.join(sorted(lack))}")
    assert not lacking


def click_words() -> Iterator[str]:
    """What the installed Click says to users."""
    folder = Path(click.__file__).parent
    for module in CLICK_MODULES:
        for node in ast.walk(ast.parse((folder / f"{module}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                count = {"_": 1, "ngettext": 2}.get(node.func.id, 0)
                for argument in node.args[:count]:
                    if isinstance(argument, ast.Constant) and not FOR_DEVELOPERS.search(argument.value):
                        yield argument.value


@pytest.mark.parametrize("words", sorted(set(click_words())))
def test_click_speaks_japanese(words: str) -> None:
    english = {texts["en"] for name, texts in catalogue().items() if name.startswith("click.")}
    assert words in english


def test_say_puts_values_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert messages.say("sheets.zone", zone=20).startswith("There is no zone 20")
    monkeypatch.setattr(messages, "_chosen", "ja")
    assert messages.say("sheets.zone", zone=20).startswith("20 系はありません")
