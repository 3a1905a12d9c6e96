from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.query.columns import Columns
from dashboard.query.expression import FilterError, compile_filter
from dashboard.records.outcomes import FORMER, LABELS, STATUSES
from dashboard.records.runs import Run

NOW = 1_800_000_000.0
RUN = Run(
    id="taxi-20261121-093000-4f2a",
    status="pushed",
    model="taxi",
    started=1_795_253_400.0,  # 2026-11-21 09:30 UTC
    finished=1_795_253_650.0,
    blessed=True,
    pushed_version=7,
    dirty=False,
    hyperparameters={
        "units": 64,
        "loss": "mse",
        "layers": [64, 32],
        "odd name": 1,
        "optimizer.rate": 0.1,
        "lambda": 2,
    },
    metrics={"AUC": 0.9312, "loss": 0.21, "Undefined": None},
    slices={"day=1.AUC": 0.91, "fare=1.5, kind=Credit Card.AUC": 0.7},
    config={"training.epochs": 12, "data.path": "data/taxi/*.csv", "splits.by": []},
    rows={"train": 11_997},
    overrides="training.epochs=12",
    commit="4da5e709a1b2c3d4e5f60718293a4b5c6d7e8f90",
    dataset="24c2114c9ebd7db1dce87b1701ce2517",
    tags=("candidate", "Nightly"),
    note="more dropout",
)
COLUMNS = Columns([RUN])


def passes(text: str, run: Run = RUN) -> bool:
    return compile_filter(text, COLUMNS)(run, NOW)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        *((status, status) for status in STATUSES),
        *((label, status) for status, label in LABELS.items()),
        *FORMER.items(),
    ],
)
def test_a_status_has_its_name_its_label_and_its_former_name(name: str, status: str) -> None:
    run, other = (Run(id="a", status=one) for one in (status, "another"))
    for spelt in (name, name.upper()):
        for text in (f"status == '{spelt}'", f"'{spelt}' == status", f"status in ['{spelt}']"):
            assert passes(text, run) and not passes(text, other)
        for text in (f"status != '{spelt}'", f"status not in ('x', '{spelt}')"):
            assert not passes(text, run) and passes(text, other)


@pytest.mark.parametrize(
    "text",
    [
        "auc > 0.93",
        "AUC > 0.93 and blessed",
        "AUC >= 0.9312 AND NOT dirty",
        "0.9 < auc < 0.94",
        "not (auc < 0.9 or status == 'failed')",
        'status == "PUSHED"',
        'status in ("pushed", "not_blessed")',
        'status not in ["failed"]',
        "hyperparameters.units == 64",
        "units in [32, 64]",
        "units != 32",
        'hyperparameters["odd name"] == 1',
        "hyperparameters['lambda'] == 2",
        "hyperparameters.optimizer.rate == 0.1",
        "layers == [64, 32]",
        "32 in layers",
        "loss < 0.3",
        "metrics.loss < 0.3",
        'hyperparameters.loss == "mse"',
        '"candidate" in tags and "nightly" in tags',
        '"dropout" in note',
        'model == "taxi" and "4f2a" in id',
        "blessed == true and dirty == False",
        "duration < 300",
        'duration >= "4 min" and duration < "0.1 h"',
        'started > "2026-11-01"',
        'started <= "2026-11-21T09:30:00Z"',
        "version == 7",
        "undefined == none",
        "auc > -1",
        "  auc > 0.9  ",
        "auc > 0.9 and\nblessed",
        'commit == "4da5e709"',
        'commit == "4DA5E709A1B2"',
        'commit in ["0000", "4da5"]',
        'commit != "4da5e708" and not commit == "4da"',
        '"4da5" in commit',
        'dataset == "24c2114c"',
        'slices["day=1"].auc > 0.9',
        'SLICES["Day=1"].AUC > 0.9',
        'slices["fare=1.5, kind=Credit Card"].auc == 0.7',
        'slices["fare=1.5, kind=Credit Card"]["AUC"] == 0.7',
        "config.training.epochs == 12",
        "training.epochs >= 12",
        'config.data["path"] == "data/taxi/*.csv"',
        "rows.train > 10000",
        '"training.epochs" in overrides',
        "not archived",
        'started == "2026-11-21"',
        'started != "2026-11-22" and started >= "2026-11-21"',
        'started > "60 days ago" and started < "50 days ago"',
        'started < "1 week ago" and started < "yesterday" and started < "TODAY"',
        'duration < "5 minutes" and duration > "0.05 hours"',
    ],
)
def test_what_passes(text: str) -> None:
    assert passes(text)


@pytest.mark.parametrize(
    "text",
    [
        "auc > 0.94",
        "undefined > 0",
        "undefined < 0",
        "undefined",
        'units > "many"',
        "status > 3",
        "not blessed",
        "blessed == 1",
        '"absent" in tags',
        "3 in status",
        'started > "2026-11-22"',
        "auc in 3",
        'commit == "4da"',
        'commit == "4da5e708"',
        'commit == ""',
        'started == "2026-11-22"',
        'started == "today"',
        'started > "40 days ago"',
        'slices["day=1"].auc > 0.95',
    ],
)
def test_what_does_not(text: str) -> None:
    assert not passes(text)


@pytest.mark.parametrize(
    ("text", "headline", "remedy", "place"),
    [
        ("aucc > 1", "No run has a column aucc", "Did you mean AUC?", "aucc"),
        ("blessed and unitss == 1", "No run has a column unitss", "Did you mean units?", "unitss"),
        ("metrics.acu > 1", "No run has a column metrics.acu", "metrics.AUC", "metrics.acu"),
        ("qqqqqq", "No run has a column qqqqqq", "", "qqqqqq"),
        ("auc = 1", "The expression cannot be read", "==", "="),
        ("auc > 1 && blessed", "The expression cannot be read", "Write and", "&&"),
        ("!blessed", "The expression cannot be read", "not", "!"),
        ("auc >", "cannot be read", "It ends too early.", ">"),
        ("(auc > 1", "cannot be read", "", None),
        ("   ", "The expression is empty", "", None),
        ("status == failed", "failed is not the name of a column", '"failed"', "failed"),
        ("started > 'someday'", "no date or time", '"3 days ago"', "'someday'"),
        ("started > 'x days ago'", "no date or time", "", "'x days ago'"),
        ("duration > '5 ms'", "no duration", "5 min", "'5 ms'"),
        (
            "slices['day=1'].acu > 0",
            "No run has a column",
            "slices.day=1.AUC",
            "slices['day=1'].acu",
        ),
        ("config.trainin.epochs > 1", "No run has a column", "config.training.epochs", None),
        ("trainin.epochs > 1", "No run has a column", "training.epochs", None),
        ("tags['a'] > 1", "This is not a name", "", "tags['a']"),
        ("duration > 'long'", "no duration", "5 min", "'long'"),
        ("é > 1 or aucc > 2", "No run has a column é", "", "é"),
        ('"é" in note or aucc > 2', "No run has a column aucc", "AUC", "aucc"),
        ("hyperparameters.lambda > 1", "cannot be read", '["lambda"]', None),
        ("auc + 1 > 2", "cannot have this", "names, numbers", "auc + 1"),
        ("len(tags)", "cannot have this", "", "len(tags)"),
        ("(lambda: 1)()", "cannot have this", "", None),
        ("[x for x in tags]", "cannot have this", "", None),
        ("status.__class__", "No run has a column", "", "status.__class__"),
        ("().__class__", "This is not a name", "", None),
        ("__import__('os').system('true')", "cannot have this", "", None),
        ("f'{auc}'", "cannot have this", "", None),
        ("b'x' in note", "cannot have this", "", "b'x'"),
        ("1j == auc", "cannot have this", "", "1j"),
        ("(x := 3) > 1", "cannot have this", "", None),
        ("auc > 1 if blessed else 2", "cannot have this", "", None),
        ("9" * 900 + " ** " + "9" * 90, "cannot have this", "", None),
        ("(" * 400 + ")" * 400, "cannot be read", "", None),
        ("-" * 999 + "1", "", "", None),
        ("not " * 249 + "auc", None, None, None),
        ("a" * 2000, "The expression is too long", "", None),
        ("auc\0 > 1", "", "", None),
    ],
)
def test_mistakes_are_told_in_words_and_with_their_place(
    text: str, headline: str | None, remedy: str | None, place: str | None
) -> None:
    if headline is None:
        passes(text)
        return
    with pytest.raises(FilterError) as caught:
        compile_filter(text, COLUMNS)
    error = caught.value
    assert headline in error.headline
    assert remedy is not None and remedy in error.remedy
    if place is not None:
        assert text[error.start : error.end] == place


@given(st.text(max_size=60) | st.text("auc<>=!andort\"'()[]., 019", max_size=60))
def test_any_text_is_a_filter_or_a_mistake(text: str) -> None:
    try:
        assert passes(text) in (True, False)
    except FilterError as error:
        assert error.headline
        assert 0 <= error.start <= len(text) + 1


def test_a_filter_knows_what_it_asks_for() -> None:
    found = compile_filter("AUC > 1 and not (Archived or 3 in layers)", COLUMNS)
    assert found.names == {"auc", "archived", "layers"}


@given(st.integers(1, 10**6), st.sampled_from(["s", "min", "hours", "day", "weeks"]))
def test_how_long_ago_is_seen_from_when_it_is_asked(number: int, unit: str) -> None:
    seconds = {"s": 1, "min": 60, "hours": 3600, "day": 86_400, "weeks": 604_800}[unit]
    passes_filter = compile_filter(f'started > "{number} {unit} ago"', COLUMNS)
    started = RUN.started or 0
    assert passes_filter(RUN, started + number * seconds - 0.5)
    assert not passes_filter(RUN, started + number * seconds)


@given(st.integers(0, 86_399))
def test_today_is_the_day_in_which_it_is_asked(second: int) -> None:
    midnight = (RUN.started or 0) // 86_400 * 86_400
    assert compile_filter('started == "today"', COLUMNS)(RUN, midnight + second)
    assert compile_filter('started == "yesterday"', COLUMNS)(RUN, midnight + 86_400 + second)
    assert not compile_filter('started == "today"', COLUMNS)(RUN, midnight + 86_400 + second)
