"""The known words of free text."""

from __future__ import annotations

import pytest
import tensorflow_transform as tft

from models.common.columns.texts import LONGEST, word_count
from tests.models.common.columns.conftest import MOST_WORDS, NOTHING, Transformed


@pytest.mark.slow
def test_a_text_is_its_known_words_in_order(
    transformed: Transformed, fitted: tft.TFTransformOutput
) -> None:
    vocabulary = [word.decode() for word in fitted.vocabulary_by_name("words")]
    assert len(vocabulary) == MOST_WORDS
    index = {word: number for number, word in enumerate(vocabulary, start=1)}
    assert word_count(fitted) == MOST_WORDS + 1
    row = {"note": "WORK: unheard-of (work), Good", "remark": None}
    note, remark = transformed([{**NOTHING, **row}])["words"][0]
    assert note.tolist()[:4] == [index["work"], index["work"], index["good"], 0]
    assert note.shape == (LONGEST,)
    assert not remark.any()


@pytest.mark.slow
def test_letters_beyond_ascii_are_letters(fitted: tft.TFTransformOutput) -> None:
    assert not any(word == b"gr" for word in fitted.vocabulary_by_name("words"))


@pytest.mark.slow
def test_a_long_text_counts_by_its_first_words(transformed: Transformed) -> None:
    found = transformed([{**NOTHING, "note": "bad " * 5000 + "work"}])["words"][0, 0]
    assert found.min() == found.max() > 0
