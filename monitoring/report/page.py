"""The page of a look: one file that needs nothing beside it, loads nothing and runs no script."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from monitoring.look.look import Look
from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.report import charts, formatting, sections

_FOLDER = Path(__file__).parent
_SAID = {
    "alarm": ("▲", "Alarm"),
    "nothing": ("✓", "Nothing differs"),
    "too early": ("…", "Too early to say"),
}


def page(look: Look, profile: ReferenceProfile, earlier: Sequence[Look]) -> str:
    """A look as HTML, at most about 2 MB whatever the number of features.

    Args:
        look: What was seen.
        profile: What it was compared with.
        earlier: Looks of before, in any order; those of other versions are left alone.
    """
    ordered = sections.in_order(look)
    looks = sections.history(look, earlier)
    cards = sections.cards(look, profile, ordered)
    return _template().render(
        look=look,
        profile=profile,
        said=_SAID[look.verdict],
        style=Markup((_FOLDER / "style.css").read_text(encoding="utf-8")),
        changes=sections.changes(ordered),
        differing=sum(formatting.rank(finding) < 3 for finding in ordered),
        metrics=sections.metrics(ordered, profile),
        metric_charts=sections.metric_charts(looks, profile),
        output_charts=sections.output_charts(looks),
        outputs=[card for card in cards if card.kind == "output"],
        features=[card for card in cards if card.kind == "feature"],
        most_drawn=sections.MOST_DRAWN,
        left_out=len(look.features) + len(look.outputs) - len(cards),
        classifier=sorted(look.classifier_features.items(), key=lambda pair: -pair[1])[:20],
        looks=looks[: -sections.MOST_LOOKS - 1 : -1],
        number_of_looks=len(looks),
        strip=charts.strip(looks) if len(looks) > 1 else "",
        rows=ordered[: sections.MOST_ROWS],
        most_words=sections.MOST_WORDS,
        rows_left_out=len(ordered) - len(ordered[: sections.MOST_ROWS]),
    )


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "cut": formatting.cut,
        "effect": formatting.effect,
        "moment": formatting.moment,
        "number": formatting.number,
        "p_value": formatting.p_value,
        "plural": formatting.plural,
        "share": formatting.share,
        "verdict": formatting.verdict,
        "what": formatting.what,
    }
    environment.globals |= {"tests": formatting.TESTS, "window": formatting.window}
    return environment.get_template("template.html")
