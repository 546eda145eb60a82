"""Draw the rooms and their arrows into ``img/architecture.svg``, and list the rooms in ``architecture.md``.

``python docs/architecture.py`` rewrites both; with ``--check`` it only says which of them is out of date. The Japanese
page has its rooms in words of its own; a test sees that they are the same rooms.
"""

from __future__ import annotations

import sys
from pathlib import Path

from drawing import svg
from rooms import described, house

FOLDER = Path(__file__).resolve().parent
PICTURE = FOLDER / "img" / "architecture.svg"
PAGE = FOLDER / "architecture.md"
BEGIN, END = "<!-- begin rooms -->\n", "<!-- end rooms -->"


def listed(page: str) -> str:
    """Return a page with the rooms as they are between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = [f"| `{room}` | {line} |\n" for room, line in described().items()]
    return "".join((before, BEGIN, "| room | what it holds |\n|---|---|\n", *rows, END, after))


def main() -> int:
    """Rewrite or check the drawing and the page."""
    check = "--check" in sys.argv
    stale = 0
    page = PAGE.read_text(encoding="utf-8")
    for path, wanted in ((PICTURE, svg(house())), (PAGE, listed(page))):
        if path.exists() and path.read_text(encoding="utf-8") == wanted:
            continue
        stale = 1
        if not check:
            path.write_text(wanted, encoding="utf-8", newline="\n")
        print(path.name, "is out of date: run python make.py drawing" if check else "was rewritten")
    return stale if check else 0


if __name__ == "__main__":
    sys.exit(main())
