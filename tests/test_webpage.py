"""Pages run their own script alone."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest
from browser import Browser

from pointcloud import webpage

ATTACK = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'><p style='color: red' id=p>a</p>"


def hashes(page: str) -> dict[str, list[str]]:
    found = re.findall(r"<(script|style)>(.*?)</\1>", page, re.DOTALL)
    return {
        kind: [
            base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            for each, text in found
            if each == kind
        ]
        for kind in ("script", "style")
    }


def test_marks_are_filled_once() -> None:
    template = "<meta>@POLICY@<p>@A@ @B@</p><script>run()</script>"
    page = webpage.filled(template, {"A": "@B@ @POLICY@ @C@", "B": "b\\1"})
    assert "<p>@B@ @POLICY@ @C@ b\\1</p>" in page
    assert f"script-src 'sha256-{hashes(page)['script'][0]}'" in page
    with pytest.raises(KeyError):
        webpage.filled("@MISSING@", {})


def test_policy_of_a_page_without_scripts() -> None:
    page = webpage.document("<a>", ["<p>b</p>"], "p { color: blue; }").decode()
    policy = re.search('Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    assert "script-src" not in policy[1]
    assert f"style-src 'sha256-{hashes(page)['style'][0]}'" in policy[1]
    assert "<title>&lt;a&gt;</title>" in page
    assert page.index("Content-Security-Policy") < page.index("<style>")


def test_what_gets_into_a_page_all_the_same_does_not_run(chromium: str, tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_bytes(webpage.document("a", [ATTACK], "p { color: rgb(0, 0, 255); }"))
    own = tmp_path / "b.html"
    own.write_text(
        webpage.filled("<head>@POLICY@</head><body>@A@<script>window.own = 1</script></body>", {"A": ATTACK}),
        encoding="utf-8",
    )
    with Browser(chromium, tmp_path / "profile") as browser:
        browser.open(page, "document.readyState === 'complete'")
        assert browser.value("window.hacked") is None
        assert browser.value("getComputedStyle(document.getElementById('p')).color") == "rgb(0, 0, 255)"
        browser.open(own, "document.readyState === 'complete'")
        assert browser.value("window.own") == 1
        assert browser.value("window.hacked") is None
