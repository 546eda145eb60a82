"""The command line as a whole: help, languages, exit codes, streams."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from hyogo_pc import main as cli
from hyogo_pc import translate
from pointcloud import messages
from pointcloud.errors import CrsError, FileError

ROOT = Path(__file__).resolve().parents[2]
PAGES = [[], *([name] for name in cli.COMMANDS)]


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own, as a user starts it."""
    plain = {
        key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "HYOGO_PC"))
    }
    environment = plain | {"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1", **settings}
    return subprocess.run(
        [sys.executable, "-m", "hyogo_pc", *arguments],
        capture_output=True,
        encoding=environment["PYTHONIOENCODING"],
        env=environment,
        check=False,
        cwd=ROOT,
    )


@pytest.fixture
def fails_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Give the program a command ``fail`` that raises what it is told to."""

    def install(error: BaseException) -> None:
        @click.command("fail")
        def command() -> None:
            raise error

        module = types.ModuleType("hyogo_pc_fail")
        module.command = command  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "hyogo_pc_fail", module)
        monkeypatch.setitem(cli.COMMANDS, "fail", "hyogo_pc_fail")

    return install


@pytest.mark.parametrize("page", PAGES)
def test_help_imports_nothing_heavy(page: list[str]) -> None:
    program = (
        "import sys; from hyogo_pc.main import main; code = main(sys.argv[1:]);"
        "heavy = {'numpy', 'numba', 'rasterio', 'laspy', 'pyproj', 'PIL'} & set(sys.modules);"
        "print(*heavy, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *page, "--help"], capture_output=True, text=True, check=True
    )
    assert done.stderr.split() == []
    assert done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_japanese_help_is_japanese_and_fits(page: list[str]) -> None:
    done = run("--lang", "ja", *page, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("使い方: ")
    assert "この説明を表示して終わります。" in done.stdout
    for english in ("Usage", "Options", "Commands", "Show ", "default:", "required", "[OPTIONS]", "RANGE"):
        assert english not in done.stdout
    fixed = [name for name in done.stdout.splitlines() if "|" not in name]  # lists of choices do not break
    assert max(map(translate.columns, fixed)) <= 80
    assert not [
        line for line in done.stdout.splitlines() if line.lstrip().startswith(("、", "。", ")", "」"))
    ]


def test_every_command_is_listed() -> None:
    lines = run("--help").stdout.splitlines()
    assert [name for name in cli.COMMANDS if not any(line.split()[:1] == [name] for line in lines)] == []


@pytest.mark.parametrize(
    ("arguments", "settings", "starts"),
    [
        ([], {}, "Usage:"),
        ([], {"LANG": "ja_JP.UTF-8"}, "使い方:"),
        ([], {"LC_ALL": "C", "LANG": "ja_JP.UTF-8"}, "Usage:"),
        ([], {"HYOGO_PC_LANG": "ja", "LANG": "en_US.UTF-8"}, "使い方:"),
        (["--lang", "en"], {"HYOGO_PC_LANG": "ja"}, "Usage:"),
        (["--lang=ja"], {}, "使い方:"),
    ],
)
def test_language(arguments: list[str], settings: dict[str, str], starts: str) -> None:
    assert run(*arguments, "sheet", "--help", **settings).stdout.startswith(starts)
    assert run("sheet", *arguments, "--help", **settings).stdout.startswith(starts)


def test_workers_speak_the_language_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYOGO_PC_LANG", "ja")
    assert cli.main(["--lang", "en", "sheet", "05MF"]) == 0
    assert messages.default_language() == "en"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["sheet", "05MF"], (["sheet", "05MF"], None, 0)),
        (["sheet", "05MF", "--lang", "ja"], (["--lang=ja", "sheet", "05MF"], "ja", 0)),
        (["sheet", "-vv", "05MF", "--lang=en", "-v"], (["-vv", "--lang=en", "-v", "sheet", "05MF"], "en", 3)),
        (["--verbose", "sheet"], (["--verbose", "sheet"], None, 1)),
        (["sheet", "--lang", "xx"], (["--lang=xx", "sheet"], None, 0)),
        (["sheet", "--lang"], (["--lang", "sheet"], None, 0)),
        (["sheet", "--limit", "cells=9", "05MF"], (["--limit", "cells=9", "sheet", "05MF"], None, 0)),
        (["sheet", "--limit=cells=9"], (["--limit=cells=9", "sheet"], None, 0)),
        (["sheet", "--limit"], (["--limit", "sheet"], None, 0)),
        (["sheet", "--", "--lang", "ja", "-v"], (["sheet", "--", "--lang", "ja", "-v"], None, 0)),
    ],
)
def test_options_of_the_program_may_stand_anywhere(
    arguments: list[str], expected: tuple[list[str], str | None, int]
) -> None:
    assert cli.hoist(arguments) == expected


def test_limits_are_for_workers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYOGO_PC_LIMIT_CELLS", "7")
    assert cli.main(["sheet", "05MF", "--limit", "cells=2e12"]) == 0
    assert os.environ["HYOGO_PC_LIMIT_CELLS"] == "2000000000000"


@pytest.mark.parametrize(
    ("arguments", "english", "japanese"),
    [
        (
            ["sheet", "05MF", "--limit", "cells=many"],
            "cells=many sets no limit",
            "上限の指定として読めません",
        ),
        (["--lang", "xx"], "'xx' is not one of 'en', 'ja'", None),
        (["nothing"], "No such command 'nothing'", "'nothing' というコマンドはありません"),
        (["sheet", "--nothing", "05MF"], "No such option", "というオプションはありません"),
        (["sheet"], "Missing argument", "引数がありません"),
        (["sheet", "--zone", "20", "05MF"], "20 is not in the range 1<=x<=19", "20 は範囲 1<=x<=19 の外です"),
        (["sheet", "--zone", "V", "05MF"], "is not a valid integer range", "'V' は整数の範囲ではありません"),
        (["sheet", "05ZZ"], "row letter Z", "行の文字 Z"),
    ],
)
def test_wrong_usage_exits_with_2_in_either_language(
    arguments: list[str], english: str, japanese: str | None
) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert english in done.stderr
    if japanese:
        done = run(*arguments, "--lang", "ja")
        assert done.returncode == 2
        assert japanese in done.stderr
        assert "エラー: " in done.stderr


def test_version() -> None:
    assert run("--version").stdout.split()[0:1] == ["hyogo-pc,"]
    assert run("--version", "--lang", "ja").stdout.startswith("hyogo-pc バージョン ")


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (FileError("sheets.form", code="x"), 1, "Error: x is not a sheet code"),
        (CrsError("crs.user", text="x"), 2, "Error: x names no CRS"),
        (KeyboardInterrupt(), 130, "Interrupted."),
        (click.Abort(), 130, "Interrupted."),
        (MemoryError(), 1, "--jobs"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a.tif"), 1, "Error: a.tif: "),
        (ZeroDivisionError("two\nlines"), 1, "(ZeroDivisionError: two lines)"),
    ],
)
def test_exceptions_become_a_line_and_a_code(
    error: BaseException,
    code: int,
    says: str,
    fails_with: Callable[[BaseException], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    fails_with(error)
    assert cli.main(["--lang", "en", "fail"]) == code
    written = capsys.readouterr()
    assert written.out == ""
    assert says in written.err
    assert len(written.err.strip().splitlines()) == 1


def test_traceback_only_if_asked_for(
    fails_with: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    fails_with(ZeroDivisionError("nothing"))
    assert cli.main(["fail", "-v", "--lang=en"]) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert cli.main(["fail", "-vv", "--lang=en"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_exit_code_of_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command("some")
    @click.pass_context
    def command(context: click.Context) -> None:
        context.exit(1)

    module = types.ModuleType("hyogo_pc_some")
    module.command = command  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hyogo_pc_some", module)
    monkeypatch.setitem(cli.COMMANDS, "some", "hyogo_pc_some")
    assert cli.main(["some", "--lang=en"]) == 1


def test_a_console_without_the_letters() -> None:
    done = run("--lang", "ja", "sheet", "é,ü", PYTHONIOENCODING="cp932", PYTHONUTF8="0")
    assert done.returncode == 2
    assert done.stderr.startswith("エラー: \\xe9,\\xfc は地点ではありません。")


def test_a_reader_that_goes_away_is_no_error_message() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "hyogo_pc", "sheet", "--geojson", "05MF"],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        cwd=ROOT,
    )
    os.close(writer)
    assert done.stderr == b""


def test_wrapping_of_japanese_keeps_the_rules_of_lines() -> None:
    text = "点群から「数値標高モデル」を作成します。INPUT には LAZ ファイルを指定します。"
    lines = translate.wrap(text, 20).splitlines()
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert max(map(translate.columns, lines)) <= 22  # a closing mark may hang over
    assert not [line for line in lines if line[0] in "、。」" or line[-1] in "「"]
    assert translate.columns("点群 LAZ") == 8


def test_wrapping_keeps_paragraphs_and_raw_blocks() -> None:
    assert translate.wrap("一\n二\n\n三", 10, preserve_paragraphs=True) == "一 二\n\n三"
    assert translate.wrap("\b\n一\n  二", 10, preserve_paragraphs=True) == "一\n  二"
    assert translate.wrap("one two", 3) == "one\ntwo"


def test_english_words_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    translate.install()
    assert click.core._("Options") == "Options"
    monkeypatch.setattr(messages, "_chosen", "ja")
    translate.install()
    assert click.core._("Options") == "オプション"
    assert click.core._("Nothing of the kind") == "Nothing of the kind"
    assert click.INT.name == "整数"
    monkeypatch.setattr(messages, "_chosen", "en")
    translate.install()
    assert click.INT.name == "integer"
