"""Keeps tokens and passwords out of everything that is written, printed or shown.

Three things tell that something is secret, and `[hidden]` then stands in its place:

* its place: after a name such as `password` or `--api-key`, in the userinfo of a URL, in a header;
* its shape: GitHub's, OpenAI's, AWS's and others' tokens, JSON web tokens, private keys;
* its value: what an environment variable or a key of the config with such a name holds, wherever
  that turns up again.

Numbers, truth values, common words and names of files that are there are no secrets. The standard
library alone; `serving/core`, `dashboard/records` and `monitoring/core` have copies, as they import
no other room.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import html
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
_SHORTEST = 6
"""Characters below which a value is hidden in its place alone, not wherever it turns up."""
_SHORT = 200
_MOST_KNOWN = 20_000
_LONGEST = 16 * 2**10
"""Characters that no secret is longer than."""

_KEY_OF = (
    "api|access|private|account|auth|secret|sign(?:ing)?|encryption|shared|client|service|storage"
    "|master|subscription|function|license"
)
_WORD = (
    r"(?:passw(?:or)?d|passwort|passphrase|pwd|secret|token|credential"
    rf"|(?:{_KEY_OF})[_-]?key|webhook|connection[_-]?string)"
)
_TAIL = r"s?(?:[_-]?(?:id|url|prod|live|dev|test|staging|value|\d{1,3}))?"
"""What may follow the word in a name: `DB_PASSWORD_PROD`, `AWS_ACCESS_KEY_ID`."""
_NAME = re.compile(rf"{_WORD}{_TAIL}$", re.IGNORECASE)
_SHORT_NAME = re.compile(r"(?:^|[_.-])(?:pass|pat|key|auth|pw|dsn|sas)(?:[_-]?\d{1,3})?$", re.I)
"""Names that are as often of something else, such as a column."""
_NO_KEY = re.compile(r"(?:public|primary|foreign|sort|partition|group|cache|host)[_.-]?key", re.I)
_NO_NAMES = frozenset({"PWD", "OLDPWD", "PIPELINE_CONFIG"})

_COMMON = frozenset([
    "true", "false", "yes", "no", "on", "off", "none", "null", "nil", "undefined", "default",
    "auto", "enabled", "disabled", "enable", "disable", "required", "optional", "unset", "empty",
    "missing", "unknown", "anonymous", "public", "private", "local", "str", "string", "text",
    "int", "integer", "float", "number", "bool", "boolean", "bytes", "any", "object", "list",
    "dict", "type", "value", "example", "changeme", "password", "secret", "token", "key",
    "username", "read", "write",
    "admin", "user", "test", "training", "evaluation", "hidden", "redacted", "n/a",
])  # fmt: skip
_REFERENCE = re.compile(
    r"\$\w+|\$\{.*\}?|\$\(.*|\{+[\w .]*\}*:?|<[\w .-]*>|%\(\w+\)s?|%s|\*+|\[\w+\(.*|\.+"
    r"|(?:os\.|getenv|getpass|self\.|args\.).*",
    re.DOTALL,
)
"""What stands for a value: a variable, a placeholder, an expression."""

_TO_LOWER = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}

_T = TypeVar("_T")

_TOKENS = {
    ("gh",): r"gh[pousr]_[A-Za-z0-9]{16,}",
    ("github_pat_",): r"github_pat_[A-Za-z0-9_]{16,}",
    ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glsoat-"): (
        r"gl(?:pat|dt|rt|cbt|ptt|soat)-[\w-]{16,}"
    ),
    ("sk-",): r"(?<![A-Za-z0-9])sk-(?=[\w-]*\d)[\w-]{16,}",
    ("xox", "xapp-"): r"(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}",
    ("AKIA", "ASIA", "ABIA", "ACCA"): r"(?<![A-Za-z0-9])A(?:KI|SI|BI|CC)A[A-Z0-9]{16}(?![A-Z0-9])",
    ("AIza", "ya29.", "GOCSPX-", "1//0"): (
        r"AIza[\w-]{30,}|ya29\.[\w.-]{16,}|GOCSPX-[\w-]{16,}|1//0[\w-]{24,}"
    ),
    ("k_live_", "k_test_", "whsec_"): r"(?:[rs]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,}",
    ("hf_", "npm_", "pypi-", "dckr_pat_", "dapi", "hvs.", "SG.", "_v1_"): (
        r"(?<![A-Za-z0-9_])(?:hf_[A-Za-z0-9]{24,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}"
        r"|dckr_pat_[\w-]{16,}|dapi[0-9a-f]{32}|hvs\.[\w-]{16,}|SG\.[\w-]{12,}\.[\w-]{12,}"
        r"|do[opr]_v1_[0-9a-f]{32,})"
    ),
    ("eyJ",): r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?",
    ("hooks.slack.com", "/api/webhooks/", "webhook.office.com", "api.telegram.org"): (
        r"https?://(?:hooks\.slack\.com/|discord(?:app)?\.com/api/webhooks/"
        r"|[\w.-]*webhook\.office\.com/|api\.telegram\.org/bot)([^\s\"'<>]+)"
    ),
    ("PRIVATE KEY", "AGE-SECRET-KEY-"): (
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----"
        r"(?:[^\"]{0,16000}?-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----"
        r"|(?:\\[nr]|[A-Za-z0-9+/=\s]){0,16000})|AGE-SECRET-KEY-1[0-9A-Z]{30,}"
    ),
}
"""Patterns of what is secret by its shape, by the texts of which one is in each match."""
_PLACES = {
    ("://",): (
        r"://[^\s/:@\"'<>\[]*:(?!\d{1,5}(?:[/?#]|$))([^\s\"'<>]+)@(?=[^\s@])"
        r"|://(?=[\w-]*\d)([\w-]{20,})@"
    ),
    ("sig=", "signature=", "security-token=", "x-amz-credential="): (
        r"(?i)[?&](?:sig|signature|x-(?:amz|goog)-(?:signature|credential|security-token))"
        r"=([^\s&\"'<>]+)"
    ),
    ("authorization",): (
        r"(?i)authorization\\?[\"']?\s*[:=]\s*\\?[\"']?"
        r"(?:(?:bearer|basic|token|negotiate|digest)\s+)?"
        r"((?!(?:bearer|basic|token|negotiate|digest)\s|[\[{$<%])"
        r"(?=[^\s\"'\\,;]{8}|[^\s\"'\\,;]*\d)[^\s\"'\\,;]+)"
    ),
    ("cookie",): r"(?i)cookie\\?[\"']?\s*[:=]\s*\\?[\"']?((?!\[hidden)[^\s\"'\\][^\"'\\\n]*)",
    ("bearer ", "basic "): (
        r"(?i)\b(?:bearer|basic)\s+((?=[\w.~+/-]*(?:\d|=))[\w.~+/-]{8,}=*)(?![\w(])"
    ),
}
"""Patterns of what is secret by its place, in groups, by such texts in lower case."""
_SHAPES = [(parts, re.compile(pattern)) for parts, pattern in _TOKENS.items()]
_IN_PLACES = [(parts, re.compile(pattern)) for parts, pattern in _PLACES.items()]
_IN_NAMES = (
    "passw", "passphrase", "pwd", "secret", "token", "credential", "webhook", "connection", "key",
    "_pat", "_pass", "_auth", "_pw", "_dsn", "_sas",
)  # fmt: skip
"""What names of secrets have in them, in lower case."""
_IN_NAME = re.compile(r"[\w-]*")
_VARIABLE = re.compile(r"(?:[A-Z0-9]+_)+(?:KEY|PAT|PASS|AUTH|PW|DSN|SAS)")
_VALUE = re.compile(
    r"(?P<sep>\\?[\"']?\s*(?:=>|=|:)\s*|\\?[\"'],\s*|\s+(?=[^\s=:-]))"
    r"(?:(?P<quote>\\?[\"'])(?P<quoted>.*?)(?<!\\)(?P=quote)|(?P<bare>[^\s\"'&;,]+))"
)
"""What follows a name: a separator and a value."""


class Redactor:
    """Replaces secrets by `[hidden]`.

    Args:
        values: Secrets to hide wherever they turn up, beside those told by place and shape; those
            of fewer than six characters are ignored.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        forms = {form for value in values if len(value) >= _SHORTEST for form in _forms(value)}
        # The longest first: one secret may be the beginning of another.
        self._forms = sorted(forms, key=lambda form: (-len(form), form))
        self._known: dict[str, str] = {}
        """Short texts, without secrets: records have the same keys and names again and again."""

    @property
    def values(self) -> list[str]:
        """All that is hidden by its value."""
        return self._forms

    def text(self, text: str) -> str:
        """The text without secrets."""
        if len(text) > _SHORT:
            return self._redacted(text)
        if text not in self._known:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            self._known[text] = self._redacted(text)
        return self._known[text]

    def _redacted(self, text: str) -> str:
        for form in self._forms:
            if form in text:
                text = text.replace(form, HIDDEN)
        for parts, pattern in _SHAPES:
            if any(part in text for part in parts):
                text = pattern.sub(_hide, text)
        lower = text.lower()
        for parts, pattern in _IN_PLACES:
            if any(part in lower for part in parts):
                text = pattern.sub(_hide, text)
        return _without_arguments(text)

    def tree(self, value: _T) -> _T:
        """JSON values without secrets, in keys and in values."""
        cleaned: Any = value
        if value is None or isinstance(value, int | float):
            return value  # Most of what there is, as in histograms.
        if isinstance(value, str):
            cleaned = self.text(value)
        elif isinstance(value, Mapping):
            cleaned = {self.text(str(k)): self._named(str(k), v) for k, v in value.items()}
        elif isinstance(value, list | tuple):
            cleaned = [self.tree(item) for item in value]
            for place, (name, item) in enumerate(pairwise(value), start=1):
                if _is_option(name) and isinstance(item, str) and not _is_harmless(item):
                    cleaned[place] = HIDDEN
        return cleaned

    def _named(self, name: str, value: Any) -> Any:
        if isinstance(value, str):
            return HIDDEN if _is_secret(name, value) else self.text(value)
        if type(value) is int and value > 999 and _names_password(name):
            return HIDDEN
        return self.tree(value)


class Filter:
    """Hides secrets in bytes that come in pieces, of which one may end within a secret.

    Args:
        redactor: What hides them.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._kept = b""

    def feed(self, piece: bytes) -> bytes:
        """What can be written by now: whole lines, or all but the end of a very long one."""
        self._kept += piece
        end = max(self._kept.rfind(b"\n"), self._kept.rfind(b"\r")) + 1
        if not end and len(self._kept) > 4 * _LONGEST:
            end = self._end_in_a_long_line()
        begun = self._kept.rfind(b"-----BEGIN", 0, end)
        if begun >= 0 and b"-----END" not in self._kept[begun:end] and end - begun < _LONGEST:
            end = begun  # A key in several lines, whose end has not come.
        ready, self._kept = self._kept[:end], self._kept[end:]
        return self._redacted(ready)

    def _end_in_a_long_line(self) -> int:
        """Where a line can be cut so that no secret is: both sides together say what it says."""
        whole = self._redacted(self._kept)
        for times in (1, 2, 3):
            end = len(self._kept) - times * _LONGEST
            if whole.startswith(self._redacted(self._kept[:end])):
                return end
        return len(self._kept)

    def finish(self) -> bytes:
        """What is left."""
        ready, self._kept = self._kept, b""
        return self._redacted(ready)

    def _redacted(self, ready: bytes) -> bytes:
        text = ready.decode(errors="surrogateescape")
        return self._redactor.text(text).encode(errors="surrogateescape")


def redactor(*trees: Any, environment: Mapping[str, str] = os.environ) -> Redactor:
    """A redactor of the environment's secrets and of those in JSON values such as a config."""
    found = {secret for tree in trees for secret in _in_tree(tree) if _is_distinctive(secret)}
    return _of(_in_environment(frozenset(environment.items())) | found)


@functools.lru_cache(maxsize=4)
def _in_environment(variables: frozenset[tuple[str, str]]) -> frozenset[str]:
    found: set[str] = set()
    for name, value in variables:
        if name not in _NO_NAMES and (_NAME.search(name) or _is_short_name(name)):
            found.update([value, *_in_tree(_parsed(value))])
        found.update(_in_tree(value))
    # A path to a file with credentials is no secret, and hiding it would hide where things are.
    return frozenset(value for value in found if _is_distinctive(value) and not _is_there(value))


@functools.lru_cache(maxsize=4)
def _of(values: frozenset[str]) -> Redactor:
    """One for the same secrets, which knows the texts that it has seen."""
    return Redactor(values)


def _forms(value: str) -> Iterator[str]:
    """How a secret may be written."""
    yield from (value, quote(value, safe=""), quote(value), quote_plus(value), html.escape(value))
    for ascii_only in (True, False):
        yield json.dumps(value, ensure_ascii=ascii_only)[1:-1]
    yield repr(value)[1:-1]
    content = value.encode(errors="surrogateescape")
    for encoded in (base64.b64encode(content), base64.urlsafe_b64encode(content)):
        yield encoded.decode().rstrip("=")
    lines = [line.strip() for line in value.splitlines()]
    yield from (line for line in lines if len(lines) > 1 and len(line) >= 16)


def _hide(match: re.Match[str]) -> str:
    if match.lastindex is None:
        return HIDDEN
    start, end = (place - match.start() for place in match.span(match.lastindex))
    return f"{match[0][:start]}{HIDDEN}{match[0][end:]}"


def _arguments(text: str) -> Iterator[tuple[int, int]]:
    """Where in a text the secrets are that stand after a name, such as `password=...`."""
    lower = text.lower()
    if len(lower) != len(text):  # Some letters are two in lower case.
        lower = text.translate(_TO_LOWER)
    end = 0
    # Each by itself: a pattern of alternatives takes a hundred times as long.
    for place in sorted(place for part in _IN_NAMES for place in _places(lower, part)):
        if place < end:
            continue
        start = place
        while start > end and (text[start - 1].isalnum() or text[start - 1] in "_-"):
            start -= 1
        end = _IN_NAME.match(text, place).end()  # type: ignore[union-attr]
        name = text[start:end]
        if (_NAME.search(name) or _VARIABLE.fullmatch(name)) and (match := _VALUE.match(text, end)):
            value = _argument(name, match)
            if value:
                begin = match.start("quoted" if match["quoted"] else "bare")
                end = begin + len(value)
                yield begin, end


def _places(text: str, part: str) -> Iterator[int]:
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + 1)


def _argument(name: str, match: re.Match[str]) -> str:
    """The secret in what looks like a name with its value; empty where that is none."""
    sep, value = match["sep"], match["quoted"] or match["bare"] or ""
    if sep.isspace() and (not name.startswith("--") or value.isupper()):
        return ""  # No `--password value` but prose, or `--password TEXT` of a help.
    if sep.rstrip().endswith(",") and not name.startswith("-"):
        return ""  # No list of arguments but one of names.
    if match["bare"]:
        value = value.rstrip(")]}>.")
        number = _is_number(value) and not _of_password(name)
        own_name = value.split(".")[-1].lower() == name.lower()
        if number or own_name or re.match(r"[A-Za-z_][\w.]*[(\[]", value):
            return ""
        loose = not sep.isspace() and (":" in sep or sep != sep.strip())
        kind = name.lower().rstrip("s").endswith(("token", "secret", "credential", "webhook"))
        attribute = re.fullmatch(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", value)
        if loose and (attribute or (_is_word(value) if kind else _is_prose(match))):
            return ""
    return "" if _is_harmless(value) else value


def _without_arguments(text: str) -> str:
    parts, end = [], 0
    for start, stop in _arguments(text):
        parts += [text[end:start], HIDDEN]
        end = stop
    return "".join([*parts, text[end:]]) if parts else text


def _is_word(value: str) -> bool:
    return re.fullmatch(r"[A-Za-z_.-]{1,40}", value) is not None


def _is_prose(match: re.Match[str]) -> bool:
    """Whether a bare word after a colon is followed by others, as in a sentence."""
    line_end = match.string.find("\n", match.end())
    rest = match.string[match.end() : None if line_end < 0 else line_end]
    return match["bare"].isalpha() and bool(re.match(r" +[A-Za-z]", rest))


def _is_number(value: str) -> bool:
    return re.fullmatch(r"[+-]?[\d._]+(?:e[+-]?\d+)?", value, re.IGNORECASE) is not None


def _of_password(name: str) -> bool:
    return re.search(r"pass|pwd", name, re.IGNORECASE) is not None


@functools.lru_cache(maxsize=1000)  # Records have the same names again and again.
def _names_secret(name: str) -> bool:
    return _NAME.search(name) is not None


def _names_password(name: str) -> bool:
    return _names_secret(name) and _of_password(name)


def _is_harmless(value: str) -> bool:
    """Whether a value is none that anybody would hide, even after a name such as `password`."""
    return (
        len(value) < 3
        or value.lower() in _COMMON
        or HIDDEN[:-1] in value
        or (value.isupper() and _NAME.search(value) is not None)  # The name of a variable.
        or _REFERENCE.fullmatch(value) is not None
    )


def _is_distinctive(value: str) -> bool:
    """Whether a value is a secret wherever it turns up, and not a word that is all over."""
    if len(value) < _SHORTEST or _is_harmless(value) or not value.strip():
        return False
    return not (_is_number(value) and len(value) < 8) and not (value.isalpha() and len(value) < 8)


@functools.lru_cache(maxsize=1000)
def _is_short_name(name: str) -> bool:
    return bool(_SHORT_NAME.search(name)) and not _NO_KEY.search(name)


def _is_secret(name: str, value: str) -> bool:
    """Whether a key's value is a secret, by the key's name."""
    if not (_names_secret(name) or _is_short_name(name)) or _is_harmless(value):
        return False
    if _names_secret(name):
        return not _is_number(value) or _of_password(name)
    looks_random = re.search(r"\d", value) and re.search(r"[A-Za-z]", value) and len(value) >= 12
    return bool(looks_random) and "_" not in value


def _is_option(name: Any) -> bool:
    """Whether an item of a list is an option whose value is the next item: `--password`."""
    return isinstance(name, str) and name.startswith("-") and bool(_NAME.search(name))


def _is_there(value: str) -> bool:
    try:
        return Path(value).exists()
    except (OSError, ValueError):  # Too long for a name, or none at all.
        return False


def _parsed(text: str) -> Any:
    """The JSON that a variable may hold, such as a service account's key."""
    try:
        return json.loads(text) if text.lstrip().startswith("{") else None
    except (ValueError, RecursionError):
        return None


def _in_tree(value: Any) -> Iterator[str]:
    """The secrets in JSON values, by their places."""
    if isinstance(value, str):
        yield from _in_text(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, str) and _is_secret(str(key), item):
                yield item
            yield from _in_tree(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _in_tree(item)
        for name, item in pairwise(value):
            if _is_option(name) and isinstance(item, str):
                yield item


def _in_text(text: str) -> Iterator[str]:
    for _, pattern in _IN_PLACES:
        for match in pattern.finditer(text):
            yield match[match.lastindex or 0]
    for start, end in _arguments(text):
        yield text[start:end]


class _Output:
    """A text stream that hides secrets on their way to another, which is all else of it."""

    def __init__(self, stream: Any, redactor: Redactor) -> None:
        self._stream = stream
        self._redactor = redactor

    def write(self, text: str) -> int:
        self._stream.write(self._redactor.text(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def hidden_in_output(redactor: Redactor) -> Iterator[None]:
    """Hides secrets in what Python prints and logs in this process."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_Output(stream, redactor) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
