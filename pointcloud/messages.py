"""Every text that a user sees, in English and Japanese.

The catalogue is the folder ``catalogue/`` beside this file: one TOML file a topic, one table a message, with the
keys ``en`` and ``ja``. A message is named ``topic.name``, where the topic is the file's name. Values are put in by
name with :meth:`str.format`.
"""

from __future__ import annotations

import locale
import os
import tomllib
from functools import cache
from pathlib import Path, PurePath

from pointcloud.plaintext import marked

LANGUAGES = ("en", "ja")

_FOLDER = Path(__file__).with_name("catalogue")
_chosen: str | None = None


@cache
def topic(name: str) -> dict[str, dict[str, str]]:
    """Return all messages of a topic: texts by language, by name."""
    with (_FOLDER / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


def default_language() -> str:
    """Return the language of ``HYOGO_PC_LANG`` or of the locale, ``en`` unless that is Japanese."""
    names = [os.environ.get(key, "") for key in ("HYOGO_PC_LANG", "LC_ALL", "LC_MESSAGES", "LANG")]
    name = next((name for name in names if name), "")
    if not name and os.name == "nt":
        name = locale.getlocale()[0] or ""
    return "ja" if name.lower().startswith(("ja", "japanese")) else "en"


def language() -> str:
    """Return the language in use."""
    return _chosen or default_language()


def set_language(name: str | None) -> None:
    """Use the language ``name`` (``en`` or ``ja``) from here on; ``None`` goes back to the locale's."""
    global _chosen  # noqa: PLW0603 - one language a process, chosen once at its start
    if name is not None and name not in LANGUAGES:
        raise ValueError(f"language must be one of {LANGUAGES}, not {name!r}")
    _chosen = name


def say(message: str, /, **values: object) -> str:
    """Return the text of ``message`` (``topic.name``) in the language in use, with ``values`` put in.

    Texts, paths and exceptions among the values are in one line and hold nothing that acts on a terminal, whatever a
    file was named: see :func:`pointcloud.plaintext.marked`.

    Raises
    ------
    KeyError
        If the catalogue has no such message, or the text names a value that was not given.
    """
    of, _, name = message.partition(".")
    shown = {name: _shown(value) for name, value in values.items()}
    return topic(of)[name][language()].format(**shown)


def _shown(value: object) -> object:
    if isinstance(value, BaseException):  # some libraries' are of several lines
        return marked(" ".join(str(value).splitlines()))
    return marked(value) if isinstance(value, str | PurePath) else value
