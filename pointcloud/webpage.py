"""Pages for browsers: whatever stands in them, they run their own script alone and ask nothing of any server."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping

from pointcloud.messages import language
from pointcloud.plaintext import to_html

_STYLE = """
body { font: 15px/1.5 "Yu Gothic UI", "Hiragino Sans", "Noto Sans JP", system-ui, sans-serif;
  margin: 2em auto; max-width: 60em; padding: 0 1em; color: #222; }
table { border-collapse: collapse; } td, th { padding: .15em .8em .15em 0; text-align: left; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
svg { background: #fafafa; border: 1px solid #ccc; max-width: 100%; height: auto; }
svg.key { background: none; border: 0; width: .9em; height: .9em; margin: 0 .3em 0 1em; }
code { font-size: 90%; overflow-wrap: anywhere; } .failed { color: #b02a3c; }
"""
_MARK = re.compile("@([A-Z]+)@")
_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


def document(title: str, body: Iterable[str], style: str = "") -> bytes:
    """Return a page that needs no other file and runs no script, as UTF-8.

    Parameters
    ----------
    title : str
        As plain text.
    body : iterable of str
        HTML, in which texts of others have gone through :func:`pointcloud.plaintext.to_html`. It has no attributes
        ``style``, which the page's policy forbids.
    style : str
        CSS besides what all pages share.
    """
    css = f"{_STYLE}{style}"
    return (
        f'<!DOCTYPE html>\n<html lang="{language()}"><head><meta charset="utf-8">{policy(styles=[css])}'
        f'<meta name="viewport" content="width=device-width"><title>{to_html(title)}</title>'
        f"<style>{css}</style></head><body>\n" + "\n".join(body) + "\n</body></html>\n"
    ).encode()


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template with values in the places of its marks, ``@NAME@``; marks in the values are but text.

    ``@POLICY@`` is the policy that allows the scripts and styles of the template.
    """
    inline = {
        kind: [text for tag, text in _INLINE.findall(template) if tag == kind] for kind in ("script", "style")
    }
    given = {**values, "POLICY": policy(scripts=inline["script"], styles=inline["style"])}
    return _MARK.sub(lambda found: given[found[1]], template)


def policy(*, scripts: Iterable[str] = (), styles: Iterable[str] = ()) -> str:
    """Return the element that forbids a page everything but these scripts and styles, and pictures within it.

    Source: Content Security Policy Level 3 (W3C), by hashes.
    """
    rules = ["default-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'"]
    for name, texts in (("script-src", scripts), ("style-src", styles)):
        if hashes := " ".join(f"'sha256-{_digest(text)}'" for text in texts):
            rules.append(f"{name} {hashes}")
    return f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">'


def swatch(colour: str) -> str:
    """Return a small square of a colour, ``#rrggbb`` or ``rgb(r, g, b)``, for a legend."""
    square = f'<path d="M.5.5h11v11H.5z" fill="{to_html(colour)}" stroke="#888"/>'
    return f'<svg class="key" viewBox="0 0 12 12">{square}</svg>'


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
