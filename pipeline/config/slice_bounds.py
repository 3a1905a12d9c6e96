"""The keys of `per_slice`: which slices of `evaluation.slices` a bound is for.

    feature                   each of the feature's values
    feature=value             that one
    feature=value,other=more  one slice of the crossed features, in any order
    feature=value,other       each value of the other feature beside that one

A name or a value that has a `=` or `,` in it, so that the key could be read in two ways, stands in
double quotes: `city="Paris, Texas",sex=f`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from components.evaluation.slice_names import SliceKey

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def read(key: str, slices: Sequence[Sequence[str]]) -> SliceKey:
    """Reads a key of `per_slice`.

    Where it fits several of the slices, those of the most features are meant.

    Args:
        key: Such as `sex=f,region=south`.
        slices: The config's `evaluation.slices`.

    Raises:
        ValueError: It fits none of the slices, or can be read in several ways; says which.
    """
    found = {
        SliceKey(tuple(sorted(pairs.items())))
        for features in slices
        for pairs in _readings(key, frozenset(features))
    }
    if not found:
        raise ValueError("not among evaluation.slices")
    most = max(len(reading.pairs) for reading in found)
    readings = sorted(_shown(reading) for reading in found if len(reading.pairs) == most)
    if len(readings) > 1:
        raise ValueError(f"can be read in several ways: {' or '.join(readings)}; write one of them")
    [reading] = [reading for reading in found if len(reading.pairs) == most]
    for feature, value in reading.pairs:
        if value is not None and value.strip().lower().lstrip("+-") == "nan":
            raise ValueError(
                f"TFMA finds no slice of the value '{value}', which it takes for a number that "
                f"equals nothing; name '{feature}' alone, or give the value another name"
            )
    return reading


def _readings(key: str, features: frozenset[str]) -> Iterator[dict[str, str | None]]:
    """Every way to read a key, or the rest of one, as pairs of exactly these features."""
    for feature in features:
        rest = _without_name(key, feature)
        others = features - {feature}
        if rest is None:
            continue
        for value, after in _values(rest):
            if after is None and not others:
                yield {feature: value}
            elif after is not None and others:
                for more in _readings(after.lstrip(" "), others):
                    yield {feature: value, **more}


def _without_name(key: str, feature: str) -> str | None:
    """What follows the feature's name; None where the key does not begin with it."""
    quoted = _QUOTED.match(key)
    if quoted and _unquoted(quoted[0]) == feature:
        return key[quoted.end() :]
    return key[len(feature) :] if key.startswith(feature) else None


def _values(rest: str) -> Iterator[tuple[str | None, str | None]]:
    """Each value that may follow a name, and what is left after the comma behind it."""
    if not rest:
        yield None, None
    elif rest.startswith(","):
        yield None, rest[1:]
    elif rest.startswith("="):
        quoted = _QUOTED.match(rest, 1)
        behind = rest[quoted.end() :] if quoted else ""
        if quoted and (not behind or behind.startswith(",")):
            yield _unquoted(quoted[0]), behind[1:] if behind else None
            return
        yield rest[1:], None
        for comma in re.finditer(",", rest):
            yield rest[1 : comma.start()], rest[comma.end() :]


def _unquoted(text: str) -> str | None:
    try:
        return str(json.loads(text))
    except ValueError:
        return None


def _shown(key: SliceKey) -> str:
    """A key that can be read in one way alone."""
    return ",".join(
        _quoted(feature)
        if value is None
        else f"{_quoted(feature)}={json.dumps(value, ensure_ascii=False)}"
        for feature, value in key.pairs
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if re.search(r'[=,"]', text) else text
