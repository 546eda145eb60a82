"""Write what ``--help`` says into ``commands.md`` and ``commands.ja.md``, between the marks of each command.

``python docs/commands.py`` rewrites both pages; with ``--check`` it only says which of them are out of date.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click

from hyogo_pc import main as cli
from hyogo_pc import translate
from pointcloud import messages

FOLDER = Path(__file__).resolve().parent
PAGES = {"en": FOLDER / "commands.md", "ja": FOLDER / "commands.ja.md"}
HEADINGS = {"en": ("option", "what it does"), "ja": ("オプション", "内容")}


def main() -> int:
    """Rewrite or check the page of each language named, or both pages."""
    check = "--check" in sys.argv
    languages = [name for name in PAGES if name in sys.argv]
    if not languages:  # help texts are made when a command is imported: a process a language
        runs = [subprocess.run([sys.executable, *sys.argv, language], check=False) for language in PAGES]
        return max(run.returncode for run in runs)
    page = PAGES[languages[0]]
    held = page.read_text(encoding="utf-8")
    wanted = filled(held, blocks(languages[0]))
    if held == wanted:
        return 0
    if not check:
        page.write_text(wanted, encoding="utf-8", newline="\n")
    print(page.name, "is out of date" if check else "was rewritten")
    return 1 if check else 0


def filled(page: str, texts: dict[str, str]) -> str:
    """Return a page with the text of each command between its marks."""
    marked = re.findall(r"<!-- begin (\S+) -->", page)
    if sorted(marked) != sorted(texts):
        raise SystemExit(f"marks are {marked}, commands are {list(texts)}")
    for name, text in texts.items():
        block = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        page = block.sub(lambda match, text=text: f"{match[1]}{text}{match[2]}", page)
    return page


def blocks(language: str) -> dict[str, str]:
    """Return what there is to say of the program and of each command, in one language."""
    messages.set_language(language)
    translate.install()
    root = cli.app()
    top = click.Context(root, info_name="hyogo-pc", **root.context_settings)
    texts = {"hyogo-pc": block(root, top, language)}
    for name in cli.COMMANDS:
        command = root.get_command(top, name)
        assert command is not None
        texts[name] = block(command, click.Context(command, info_name=name, parent=top), language)
    return texts


def block(command: click.Command, context: click.Context, language: str) -> str:
    """Return usage, help and options of a command as Markdown."""
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines = [f"```text\n{usage}\n```\n", (command.help or "").replace("<", r"\<"), ""]
    lines += ["| {} | {} |".format(*HEADINGS[language]), "|---|---|"]
    records = [parameter.get_help_record(context) for parameter in command.get_params(context)]
    for names, text in (record for record in records if record and record[1]):
        lines.append("| `{}` | {} |".format(*(part.replace("|", r"\|") for part in (names, text))))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
