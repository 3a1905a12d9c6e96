"""Small drawings of one feature: its distribution in each split, one below the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from markupsafe import Markup

from pipeline.record.run_details import Bucket, Feature, SplitFeature

_WIDTH = 300
_LABEL = 40
_ROW = 34
_GAP = 6
_LINE = 13
_VALUES = 6
_LONGEST = 24
_STEEP = 0.8
"""With more of the rows than this in one bucket, the middle is drawn instead of everything."""


def draw(feature: Feature, number: int) -> Markup:
    """The feature's distribution as an SVG drawing; nothing where it has no values.

    Args:
        feature: The feature.
        number: What tells this drawing from the others of the page.
    """
    numeric = {name: split for name, split in feature.splits.items() if split.histogram}
    if numeric:
        return _histograms(feature, numeric, number)
    words = {name: split for name, split in feature.splits.items() if split.top}
    return _bars(feature, words, number) if words else Markup("")


def steep(feature: Feature) -> bool:
    """Whether one bucket of equal width holds so many rows that the others would not be seen."""
    return any(
        max(bucket.count for bucket in split.histogram) > _STEEP * _total(split.histogram)
        for split in feature.splits.values()
        if len(split.histogram) > 1
    )


def _histograms(feature: Feature, splits: Mapping[str, SplitFeature], number: int) -> Markup:
    """A histogram for each split; of a heavy tail the middle, in buckets of equal count."""
    tailed = steep(feature)
    buckets = {name: s.quantiles if tailed else s.histogram for name, s in splits.items()}
    buckets = {name: found for name, found in buckets.items() if found}
    ends = [
        _middle(found) if tailed else (found[0].low, found[-1].high) for found in buckets.values()
    ]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    parts = []
    for row, (name, found) in enumerate(buckets.items()):
        top = row * (_ROW + _GAP)
        parts += [_text(0, top + _ROW - 2, name), *_columns(found, low, high, top + _ROW, name)]
        base = Markup('<path class="base" d="M{} {}H{}"/>').format(_LABEL, top + _ROW, _WIDTH)
        parts.append(base)
    height = len(buckets) * (_ROW + _GAP) + _LINE
    first = min(found[0].low for found in buckets.values())
    last = max(found[-1].high for found in buckets.values())
    parts.append(_text(_LABEL, height - 3, _end(low, first, "{1} … {0}")))
    parts.append(_text(_WIDTH, height - 3, _end(high, last, "{0} … {1}"), "end"))
    return _svg(parts, height, feature, number)


def _columns(
    buckets: list[Bucket], low: float, high: float, base: float, split: str
) -> Iterator[Markup]:
    """Bars whose area is the share of the rows; a single value's bar is as high as the highest."""
    total = _total(buckets) or 1
    across = [(_across(b.low, low, high), _across(b.high, low, high)) for b in buckets]
    dense = [
        bucket.count / (x2 - x1) if x2 - x1 >= 1 else 0.0
        for bucket, (x1, x2) in zip(buckets, across, strict=True)
    ]
    highest = max(dense)
    for bucket, density, (x1, x2) in zip(buckets, dense, across, strict=True):
        if x1 > _WIDTH or x2 < _LABEL:
            continue
        tall = _ROW * (density / highest if density and highest else 1.0 if bucket.count else 0.0)
        x1, x2 = max(x1, _LABEL), min(x2, _WIDTH)
        share = f"{bucket.low:g} to {bucket.high:g}: {bucket.count / total:.1%}"
        yield _bar(x1, base - tall, max(x2 - x1 - 1, 2), tall, split, share)


def _middle(buckets: list[Bucket]) -> tuple[float, float]:
    """Where most of the rows are, without the first and the last bucket's far ends."""
    inner = [bucket.high for bucket in buckets[:-1]] or [buckets[0].low, buckets[0].high]
    margin = (inner[-1] - inner[0]) * 0.3
    return max(buckets[0].low, inner[0] - margin), min(buckets[-1].high, inner[-1] + margin)


def _end(shown: float, real: float, both: str) -> str:
    """An end of the axis, and of the data where that is further out."""
    return f"{real:.6g}" if shown == real else both.format(f"{shown:.4g}", f"{real:.6g}")


def _bars(feature: Feature, splits: Mapping[str, SplitFeature], number: int) -> Markup:
    shares = {
        name: {top.value: top.count / (_present(split) or 1) for top in split.top}
        for name, split in splits.items()
    }
    values = list(dict.fromkeys(value for found in shares.values() for value in found))[:_VALUES]
    highest = max((found.get(v, 0.0) for found in shares.values() for v in values), default=1) or 1
    parts, y = [], 0
    for value in values:
        parts.append(_text(0, y + 10, value if len(value) <= _LONGEST else value[:_LONGEST] + "…"))
        first = next(iter(shares.values())).get(value)
        if first is not None:
            parts.append(_text(_WIDTH, y + 10, f"{first:.1%}", "end"))
        y += _LINE
        for name, found in shares.items():
            share = found.get(value, 0.0)
            width = share / highest * _WIDTH
            parts.append(_bar(0, y, max(width, 0.5), 3, name, f"{name} {share:.1%}"))
            y += 4
        y += 5
    return _svg(parts, y, feature, number)


def _svg(parts: list[Markup], height: float, feature: Feature, number: int) -> Markup:
    opening = Markup(
        '<svg class="distribution" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {:g}" '
        'role="img" aria-labelledby="feature-{}"><title id="feature-{}">Distribution of {} in {}'
        "</title>"
    ).format(_WIDTH, height, number, number, feature.name, ", ".join(feature.splits))
    return Markup("").join([opening, *parts, Markup("</svg>")])


def _bar(x: float, y: float, width: float, height: float, split: str, share: str) -> Markup:
    return Markup(
        '<rect class="bar {}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}">'
        "<title>{}</title></rect>"
    ).format(split, x, y, width, height, share)


def _text(x: float, y: float, text: str, anchor: str = "start") -> Markup:
    return Markup('<text x="{:g}" y="{:g}" text-anchor="{}">{}</text>').format(x, y, anchor, text)


def _across(value: float, low: float, high: float) -> float:
    share = (value - low) / (high - low) if high > low else 0.5
    return _LABEL + share * (_WIDTH - _LABEL)


def _total(buckets: list[Bucket]) -> float:
    return sum(bucket.count for bucket in buckets)


def _present(split: SplitFeature) -> int:
    return split.rows - split.missing if split.values is None else split.values
