"""Text of others where it can do no harm."""

from __future__ import annotations

import json
import os

import pytest

from pointcloud import plaintext

HOSTILE = "a\x1b[2J\nb\r\tc\x9bd\u202ee\u2028f\udc83\udcff\ud800<&>\"'\x7f\0"


def test_marks() -> None:
    shown = r"a\x1b[2J\nb\r\tc\x9bd\u202ee\u2028f\x83\xff\ud800" + "<&>\"'" + r"\x7f\x00"
    assert plaintext.marked(HOSTILE) == shown
    assert plaintext.marked(plaintext.marked(HOSTILE)) == shown
    assert plaintext.marked("兵庫県 城山 é №1") == "兵庫県 城山 é №1"
    assert plaintext.marked(7) == "7"


def test_json_is_undone() -> None:
    written = plaintext.to_json({HOSTILE: [HOSTILE, 1.5, None]})
    assert json.loads(written) == {HOSTILE: [HOSTILE, 1.5, None]}
    assert written.isprintable()
    assert plaintext.to_json("城 é", indent=1) == '"城 é"'


def test_names_that_are_no_utf_8_come_back_as_bytes() -> None:
    name = os.fsdecode("城.laz".encode("cp932"))
    assert os.fsencode(json.loads(plaintext.to_json(name))) == "城.laz".encode("cp932")


@pytest.mark.parametrize("text", ["</script>", "<!--<script>", "]]>", "&lt;", HOSTILE])
def test_json_in_a_page(text: str) -> None:
    written = plaintext.to_json_in_html({"a": text})
    assert not set("<>&") & set(written)
    assert json.loads(written) == {"a": text}


def test_text_in_a_page() -> None:
    assert plaintext.to_html("<a b='c' d=\"e\">&\n") == "&lt;a b=&#x27;c&#x27; d=&quot;e&quot;&gt;&amp;\\n"
