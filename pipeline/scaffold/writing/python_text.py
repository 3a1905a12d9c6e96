"""Names of columns and values as Python and YAML have them, in the way that the formatter does."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

LINE = 100
"""Letters in a line of code, at most."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./*-]*(?: [A-Za-z0-9_./*-]+)*")
_YAML_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "nan"}


def literal(text: str) -> str:
    """The text in quotes: double ones, unless single ones spare escapes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_escaped(letter, quote) for letter in text) + quote


def _escaped(letter: str, quote: str) -> str:
    if letter in ("\\", quote):
        return f"\\{letter}"
    if letter.isascii():
        return letter if letter.isprintable() else repr(letter)[1:-1]
    # Other scripts have letters that look like Latin ones, which a linter takes for mistakes.
    is_latin = "\u00c0" <= letter <= "\u00ff" and letter.isalpha()
    is_asian = "\u4e00" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7a3"
    if is_latin or is_asian:
        return letter
    code = ord(letter)
    return (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65_536 else f"\\U{code:08x}"
    )


def assignment(name: str, texts: Iterable[str]) -> str:
    """`NAME = ("a", "b")`, with a line for each text where one line has no room."""
    literals = [literal(text) for text in texts]
    line = f"{name} = ({', '.join(literals)}{',' if len(literals) == 1 else ''})"
    if width(line) <= LINE:
        return line
    return "\n".join([f"{name} = (", *(marked(f"    {one},") for one in literals), ")"])


def mapping(name: str, values: Mapping[str, Sequence[str]]) -> str:
    """`NAME = {"a": ("b", "c")}`, with a line for each key."""
    lines = [f"{name} = {{"]
    for key, texts in values.items():
        literals = [literal(text) for text in texts]
        inside = f"({', '.join(literals)}{',' if len(literals) == 1 else ''})"
        line = f"    {literal(key)}: {_counted(texts) or inside},"
        if width(line) <= LINE:
            lines.append(line)
        else:
            lines.append(marked(f"    {literal(key)}: ("))
            lines += [marked(f"        {one},") for one in literals]
            lines.append("    ),")
    return "\n".join([*lines, "}"])


def _counted(texts: Sequence[str]) -> str:
    """`tuple(f"pixel{i}" for i in range(1, 785))`, of names that are counted so; else nothing."""
    match = re.fullmatch(r"([A-Za-z_ .-]*)(\d+)", texts[0])
    if match is None or len(texts) < 3:
        return ""
    stem, first = match[1], int(match[2])
    if list(texts) != [f"{stem}{first + number}" for number in range(len(texts))]:
        return ""
    return f'tuple(f"{stem}{{number}}" for number in range({first}, {first + len(texts)}))'


def constant(name: str, text: str) -> str:
    """`NAME = "text"`, in brackets where the text alone has room in a line and this has not."""
    line, inside = f"{name} = {literal(text)}", f"    {literal(text)}"
    if width(line) > LINE >= width(inside):
        return f"{name} = (\n{inside}\n)"
    return marked(line)


def width(line: str) -> int:
    """The columns that a line takes, as ruff counts them: an Asian letter takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


def marked(line: str) -> str:
    """A line of code, with a mark for the linter where it is too long for it.

    As ruff has it, one word alone is never too long, nor is an address at the end of a line.
    """
    chunks = line.split()
    ends_with_address = "://" in chunks[-1] and width(line) - width(chunks[-1]) <= LINE
    if width(line) <= LINE or len(chunks) == 1 or ends_with_address:
        return line
    return f"{line}  # noqa: E501"


def words(text: str) -> str:
    """A text within a docstring or a comment: on one line, short, and without quotes."""
    plain = "".join(
        letter if _escaped(letter, '"') == letter else " " if letter.isspace() else "?"
        for letter in text
    )
    plain = re.sub(r"[\"\\]", "?", " ".join(plain.split())) or "?"
    return plain if len(plain) <= 40 else f"{plain[:37]}..."


def scalar(value: object) -> str:
    """A value of config.yaml: text as it is where YAML reads it as text, else in quotes."""
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in _YAML_WORDS
        return value if plain else f'"{"".join(map(_escaped_in_yaml, value))}"'
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def _escaped_in_yaml(letter: str) -> str:
    if letter in ('"', "\\"):
        return f"\\{letter}"
    return letter if letter.isprintable() else repr(letter)[1:-1]


def flow(values: Iterable[object]) -> str:
    """A list of config.yaml on one line."""
    return f"[{', '.join(scalar(value) for value in values)}]"
