"""Text in a stated format to points in time, in operations of TensorFlow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import tensorflow as tf

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DIGITS = {"Y": 4, "y": 2, "m": 2, "d": 2, "j": 3, "H": 2, "I": 2, "M": 2, "S": 2}
"""Directives of numbers, and of how many digits."""
_WORDS = {
    "b": "[A-Za-z]{3,9}",
    "B": "[A-Za-z]{3,9}",
    "p": "[AaPp][Mm]",
    "z": "[Zz]|[+-][0-9]{2}:?[0-9]{2}",
}
_PASSED_OVER = {"a": "[A-Za-z]{2,9}", "A": "[A-Za-z]{2,9}", "f": "[0-9]+", "%": "%"}
_EPOCHS = {"epoch_d": (86_400, 1), "epoch_s": (1, 1), "epoch_ms": (1, 1000)}
"""What numbers that count from 1970 on are multiplied with and divided by to be seconds."""
_DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
_DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
DAY = 86_400
"""Seconds."""


@dataclass(frozen=True)
class Format:
    """How a column writes dates or times.

    Args:
        text: As of `time.strptime`, such as `%Y-%m-%d %H:%M`, of the directives `%Y %y %m %b %B %d
            %j %H %I %p %M %S %z`; `%f`, `%a` and `%A` are read and passed over. Or `epoch_s`,
            `epoch_ms` or `epoch_d`: numbers of seconds, milliseconds or days since 1970.

    Raises:
        ValueError: A directive is unknown or there twice, or none says anything.
    """

    text: str

    def __post_init__(self) -> None:
        if self.text in _EPOCHS:
            return
        known = [*_DIGITS, *_WORDS]
        codes = self._codes
        if not codes or len(set(codes)) < len(codes) or not set(codes) <= set(known):
            raise ValueError(
                f"The format of a date is not understood. Expected: {', '.join(_EPOCHS)}, or "
                f"text with some of %{' %'.join([*known, *_PASSED_OVER])}, each at most once. "
                f"Received: {self.text!r}."
            )

    @cached_property
    def _parts(self) -> list[str]:
        return re.findall("%.|[^%]+|%", self.text, re.DOTALL)

    @cached_property
    def _codes(self) -> list[str]:
        """The directives that say something, in order."""
        codes = [part[1:] for part in self._parts if part[0] == "%"]
        return [code for code in codes if code not in _PASSED_OVER]

    def _says(self, codes: str) -> bool:
        return self.text not in _EPOCHS and not set(codes).isdisjoint(self._codes)

    @property
    def is_time_of_day(self) -> bool:
        """Whether it says an hour."""
        return self.text in ("epoch_s", "epoch_ms") or self._says("HI")

    @property
    def is_time_of_year(self) -> bool:
        """Whether it says a month or a day of the year."""
        return self.text in _EPOCHS or self._says("mbBj")

    @property
    def is_point_in_time(self) -> bool:
        """Whether it says a year."""
        return self.text in _EPOCHS or self._says("Yy")

    @property
    def is_day(self) -> bool:
        """Whether it says one day, that has a weekday."""
        return self.text in _EPOCHS or (self.is_point_in_time and self._says("dj"))

    def seconds(self, text: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Parses texts.

        Args:
            text: Of any shape, without blanks around; of whole numbers with all their digits.

        Returns:
            Seconds since 1970 in UTC, int64 of the same shape; and whether the text is of this
            format and a time that there is, bool. A year that is not said is 1970, a month or day
            the first, an hour or minute 0.
        """
        if self.text in _EPOCHS:
            return self._counted(text)
        if all(part[1:] in _DIGITS for part in self._parts):
            width = sum(_DIGITS[code] for code in self._codes)
            # As a number it has lost its leading zeros.
            digits = tf.strings.regex_full_match(text, f"[0-9]{{1,{width}}}")
            text = tf.where(digits, tf.strings.substr("0" * width + text, -width, width), text)
        pattern = self._pattern
        matches = tf.strings.regex_full_match(text, pattern)
        fields = {}
        for number, code in enumerate(self._codes, start=1):
            field = tf.strings.regex_replace(text, f"^{pattern}$", f"\\{number}")
            # What does not match has to be something that can be read, and is passed over.
            fields[code] = tf.where(matches, field, "1" if code in _DIGITS else "Jan")
        return _of_fields(fields, matches)

    def _counted(self, text: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        times, divided = _EPOCHS[self.text]
        matches = tf.strings.regex_full_match(text, "-?[0-9]{1,14}")
        count = tf.strings.to_number(tf.where(matches, text, "0"), tf.int64)
        return count * times // divided, matches

    @property
    def _pattern(self) -> str:
        """The regular expression of such texts, with a group for each code."""
        found = []
        for place, part in enumerate(self._parts):
            code = part[1:]
            if part[0] != "%":
                found.append(re.sub(r"(\\?\s)+", r"\\s+", re.escape(part)))
            elif code in _DIGITS:
                # Of digits that stand beside others all have to be there.
                beside = self._parts[max(place - 1, 0) : place] + self._parts[place + 1 : place + 2]
                most = _DIGITS[code]
                touches = any(one[0] == "%" and one[1:] in _DIGITS for one in beside)
                least = most if touches or code in "Yy" else 1
                found.append("([1-9][0-9]{3})" if code == "Y" else f"([0-9]{{{least},{most}}})")
            else:
                found.append(f"({_WORDS[code]})" if code in _WORDS else _PASSED_OVER[code])
        return "".join(found)


def _of_fields(fields: dict[str, tf.Tensor], matches: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Seconds since 1970 of what each directive has matched, and whether there is such a time."""
    number = {
        code: tf.strings.to_number(field, tf.int64)
        for code, field in fields.items()
        if code in _DIGITS
    }
    one = tf.ones_like(matches, tf.int64)
    zero = tf.zeros_like(one)
    year = number.get("Y", 1970 * one)
    if "y" in number:
        # As POSIX has it.
        year = number["y"] + tf.where(number["y"] < 69, 2000 * one, 1900 * one)
    month = number.get("m", one)
    if "b" in fields or "B" in fields:
        name = tf.strings.lower(tf.strings.substr(fields.get("b", fields.get("B")), 0, 3))
        is_month = tf.equal(tf.expand_dims(name, -1), tf.constant(_MONTHS))
        month = tf.argmax(tf.cast(is_month, tf.int32), axis=-1) + 1
        matches &= tf.reduce_any(is_month, axis=-1)
    day = number.get("d", one)
    matches &= (month >= 1) & (month <= 12)
    month = tf.clip_by_value(month, 1, 12)
    leap = tf.cast((year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0)), tf.int64)
    longest = tf.gather(_whole(_DAYS_IN_MONTH), month - 1) + tf.where(month == 2, leap, zero)
    before = tf.gather(_whole(_DAYS_BEFORE), month - 1) + tf.where(month > 2, leap, zero)
    of_year = before + day - 1
    if "j" in number:
        of_year, day, longest = number["j"] - 1, number["j"], 365 + leap
    hour, minute, second = (number.get(code, zero) for code in "HMS")
    if "I" in number:
        matches &= (number["I"] >= 1) & (number["I"] <= 12)
        hour = number["I"] % 12
        if "p" in fields:
            hour += tf.where(tf.strings.lower(fields["p"]) == "pm", 12 * one, zero)
    matches &= (day >= 1) & (day <= longest) & (minute <= 59) & (second <= 60)
    # The end of a day is the start of the next.
    matches &= (hour <= 23) | ((hour == 24) & (minute == 0) & (second == 0))
    seconds = (_days_before_year(year) + of_year) * DAY + hour * 3600 + minute * 60 + second
    if "z" in fields:
        seconds -= 60 * _minutes_ahead(fields["z"])
    return seconds, matches


def _whole(values: tuple[int, ...]) -> tf.Tensor:
    return tf.constant(values, tf.int64)


def _days_before_year(year: tf.Tensor) -> tf.Tensor:
    """Days from 1970 to the start of a year of the Gregorian calendar."""
    past = year - 1
    return 365 * (year - 1970) + past // 4 - past // 100 + past // 400 - 477


def _minutes_ahead(zone: tf.Tensor) -> tf.Tensor:
    """Of UTC, for `Z`, `+0200` or `-05:30`."""
    plain = tf.strings.regex_replace(zone, "^[A-Za-z]+$", "0")
    number = tf.strings.to_number(tf.strings.regex_replace(plain, "[+:]", ""), tf.int64)
    minutes = tf.abs(number) // 100 * 60 + tf.abs(number) % 100
    return tf.sign(number) * minutes


def time_of_year(days: tf.Tensor) -> tf.Tensor:
    """The day of the year, 0 to 365, of days since 1970, int64."""
    # 400 years have 146,097 days; a year is too late at most by one.
    year = 1970 + (days * 400) // 146_097
    year = tf.where(_days_before_year(year) > days, year - 1, year)
    year = tf.where(_days_before_year(year + 1) <= days, year + 1, year)
    return days - _days_before_year(year)
