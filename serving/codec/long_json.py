"""The bodies of long requests: read in parts, away from the event loop.

A part is read as a short request would be, and its values are put into arrays that were made for
all of them. So no part takes more than a few milliseconds, and what the values take as Python's
objects is that of one part. Rows are counted before any is read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from serving.codec import examples_json, inference, instances_json, tensors, typed_json
from serving.core import json_parts, json_text
from serving.core.background import pause
from serving.core.errors import Code, ServingError
from serving.core.json_parts import PART_BYTES, Part
from serving.model.signatures import DEFAULT, Arrays, Signature, TensorInfo


class Place(NamedTuple):
    """A value, `text[start:end]`, without white space before it."""

    start: int
    end: int


def predict(
    body: bytes, signature_named: Callable[[str], Signature], most_rows: int
) -> tuple[Signature, Arrays, int | None]:
    """The signature and tensors of `:predict`, and how many rows it has; None if it is in columns.

    Args:
        body: As `predict_json` takes it.
        signature_named: Finds a signature.
        most_rows: More of them are refused.

    Raises:
        ServingError: The body is no such request, or does not fit the signature.
    """
    places = _members(body, ("signature_name", "instances", "inputs"))
    signature = signature_named(_signature_name(body, places))
    if "instances" in places and "inputs" in places:
        raise _refused("Expecting only one of 'inputs' or 'instances' keys to exist")
    if "instances" in places:
        return signature, *_from_rows(body, places["instances"], signature, most_rows)
    if "inputs" in places:
        return signature, _from_columns(body, places["inputs"], signature, most_rows), None
    raise _refused("Missing 'inputs' or 'instances' key")


def examples(body: bytes, most_rows: int) -> tuple[str, list[bytes]]:
    """The signature's name and the serialized examples of `:classify` and `:regress`.

    Args:
        body: As `examples_json` takes it.
        most_rows: More examples are refused.

    Raises:
        ServingError: The body is no such request.
    """
    places = _members(body, ("signature_name", "context", "examples"))
    name = _signature_name(body, places)
    context = b""
    if "context" in places:
        context = _example(body, places["context"])
    if "examples" not in places:
        raise _refused("When method is classify, key 'examples' is expected and was not found")
    found = _elements(body, places["examples"], most_rows, "Expecting 'examples' value")
    if not found:
        raise _refused("'examples' value is an empty array")
    serialized: list[bytes] = []
    for part in found:
        pause()
        if _is_long(part):
            serialized.append(_example(body, _place(body, part)))
        else:
            rows = _values(body, part)
            serialized += [examples_json.example(row).SerializeToString() for row in rows]
    return name, inference.with_context(context, serialized)


class _Filled:
    """An array that is filled from its first row to its last.

    Args:
        rows: How many there will be.
        most: How many values there can be in all.
    """

    def __init__(self, rows: int, most: int) -> None:
        self._rows, self._most, self._done = rows, most, 0
        self.array: np.ndarray | None = None

    def add(self, rows: np.ndarray) -> None:
        """Fills the next rows.

        Raises:
            ServingError: They are of another shape than those before.
        """
        shape = rows.shape[1:]
        if self.array is None:
            if self._rows * math.prod(shape) > self._most:
                raise _refused(f"Expecting {self._rows} lists of shape {list(shape)} each")
            self.array = np.empty((self._rows, *shape), rows.dtype)
        elif shape != self.array.shape[1:]:
            expected = list(self.array.shape[1:])
            raise _refused(f"Expecting shape {expected} but got: {list(shape)}")
        self.array[self._done : self._done + len(rows)] = rows
        self._done += len(rows)


class _Column(_Filled):
    """An input's values, which rows may leave out.

    Args:
        rows: How many there will be.
        most: How many values there can be in all.
        default: What stands for the input where no row has it; None if each must.
    """

    def __init__(self, rows: int, most: int, default: np.ndarray | None) -> None:
        super().__init__(rows, most)
        self._default = default
        self._left_out = 0

    def add_or_leave_out(self, rows: np.ndarray, count: int) -> None:
        """Fills the next rows, for which the default itself may stand.

        Raises:
            ServingError: They are of another shape than those before.
        """
        if rows is not self._default:
            if self._left_out:
                self.add(self._defaults(self._left_out))
                self._left_out = 0
            self.add(rows)
        elif self.array is None:
            self._left_out += count
        else:
            self.add(self._defaults(count))

    def result(self) -> np.ndarray:
        """The values; the default itself if no row has any."""
        made = self._default if self.array is None else self.array
        assert made is not None
        return made

    def _defaults(self, count: int) -> np.ndarray:
        return np.repeat(np.atleast_1d(self._default)[:1], count, axis=0)


def _members(body: bytes, names: tuple[str, ...]) -> dict[str, Place]:
    """The members of a body that have a meaning; the others must be JSON."""
    start = json_parts.first(body)
    if body[start : start + 1] != b"{":
        raise _refused(f"JSON Value: {body[start : start + 100]!r} Is not object")
    places = {}
    for name, at, end in json_parts.members(body, start)[0]:
        if name in names:
            places[name] = Place(at, end)
        else:
            _check(body, Place(at, end))
    return places


def _signature_name(body: bytes, places: dict[str, Place]) -> str:
    if "signature_name" not in places:
        return DEFAULT
    name = _value(body, places["signature_name"])
    if not isinstance(name, str):
        raise _refused("'signature_name' key must be a string value.")
    return name or DEFAULT


def _from_rows(body: bytes, place: Place, signature: Signature, most: int) -> tuple[Arrays, int]:
    found = _elements(body, place, most, "Excepting 'instances'")
    if not found:
        raise _refused("No values in 'instances' array")
    total = sum(part.elements for part in found)
    most_values = place.end - place.start
    texts = tensors.Texts()
    columns = {
        name: _Column(total, most_values, info.default) for name, info in signature.inputs.items()
    }
    row = 0
    for part in found:
        pause()
        try:
            arrays = (
                _long_row(body, _place(body, part), signature, texts)
                if _is_long(part)
                else _short_rows(body, part, signature, texts)
            )
            for name, column in columns.items():
                column.add_or_leave_out(arrays[name], part.elements)
        except ServingError as error:
            told = f"From item {row} on: {error.message}"
            raise ServingError(error.code, told, http_status=error.http_status) from None
        row += part.elements
    return {name: column.result() for name, column in columns.items()}, total


def _short_rows(body: bytes, part: Part, signature: Signature, texts: tensors.Texts) -> Arrays:
    rows = b'{"instances":[%b]}' % body[part.start : part.end]
    arrays = typed_json.arrays(rows, signature) or instances_json.arrays(
        _values(body, part), signature
    )
    return {name: _counted(array, texts) for name, array in arrays.items()}


def _long_row(body: bytes, place: Place, signature: Signature, texts: tensors.Texts) -> Arrays:
    """The tensors of one row that is longer than a part."""
    infos = signature.inputs
    if body[place.start : place.start + 1] == b"{":
        members = _named_tensors(body, place, signature, texts, unknown_is_wrong=True)
        if members is not None:
            return {
                name: members[name][None]
                if name in members
                else instances_json.absent(info, members.keys(), infos)
                for name, info in infos.items()
            }
    elif len(infos) > 1:
        raise _refused("instances is a plain list, but expecting list of objects")
    (info,) = infos.values()
    return {info.name: tensor(body, place, info, texts)[None]}


def _from_columns(body: bytes, place: Place, signature: Signature, most: int) -> Arrays:
    infos = signature.inputs
    texts = tensors.Texts()
    made = None
    if body[place.start : place.start + 1] == b"{":
        made = _named_tensors(body, place, signature, texts, unknown_is_wrong=False, most=most)
    elif len(infos) > 1:
        raise _refused("inputs is a plain value/list, but expecting an object")
    if made is None:
        (info,) = infos.values()
        return {info.name: tensor(body, place, info, texts, most)}
    for name, info in infos.items():
        if name not in made:
            if info.default is None:
                raise _refused(f"Missing named input: {name} in 'inputs' object.")
            made[name] = info.default
    return made


def _named_tensors(
    body: bytes,
    place: Place,
    signature: Signature,
    texts: tensors.Texts,
    unknown_is_wrong: bool,
    most: int | None = None,
) -> dict[str, np.ndarray] | None:
    """The tensors of an object's members; None of `{"b64": text}`, which is a single value."""
    made: dict[str, np.ndarray] = {}
    members, close = json_parts.members(body, place.start)
    _check_end(body, close, place.end)
    for name, start, end in members:
        if name in signature.inputs:
            made[name] = tensor(body, Place(start, end), signature.inputs[name], texts, most)
        elif name == "b64" and len(signature.inputs) == 1 and not made:
            return None
        elif unknown_is_wrong:
            raise _refused(f"JSON object: does not have named input: {name}")
        else:
            _check(body, Place(start, end))
    return made


def tensor(
    body: bytes,
    place: Place,
    info: TensorInfo,
    texts: tensors.Texts,
    most: int | None = None,
    level: int = 0,
) -> np.ndarray:
    """A tensor from a value or nested lists of them, with at most so many rows.

    Args:
        body: JSON, perhaps.
        place: Where the value is.
        info: What it is for.
        texts: Counts those of the request.
        most: The most rows; None for any number.
        level: How many lists are around it.

    Raises:
        ServingError: It is no tensor of that type, or has too many rows.
    """
    if not _is_long(place) or body[place.start : place.start + 1] != b"[":
        made = _counted(tensors.tensor(_value(body, place), info), texts)
        if most is not None and made.ndim and len(made) > most:
            raise too_many(len(made), most)
        return made
    if level == tensors.MOST_DIMENSIONS:
        raise _refused(f"A tensor cannot have more than {tensors.MOST_DIMENSIONS} dimensions")
    found = _elements(body, place, most, "Expecting a value")
    filled = _Filled(sum(part.elements for part in found), place.end - place.start)
    for part in found:
        pause()
        filled.add(
            tensor(body, _place(body, part), info, texts, level=level + 1)[None]
            if _is_long(part)
            else _counted(tensors.tensor(_values(body, part), info), texts)
        )
    return np.empty(0, info.dtype) if filled.array is None else filled.array


def _counted(array: np.ndarray, texts: tensors.Texts) -> np.ndarray:
    if array.dtype.kind == "O":
        texts.take(array.size)
    return array


def _example(body: bytes, place: Place) -> bytes:
    """A serialized example that is perhaps longer than a part."""
    if not _is_long(place) or body[place.start : place.start + 1] != b"{":
        made = examples_json.example(_value(body, place))
        return bytes(made.SerializeToString())
    made = examples_json.example({})
    members, close = json_parts.members(body, place.start)
    _check_end(body, close, place.end)
    for name, start, end in members:
        value = Place(start, end)
        if _is_long(value) and body[start : start + 1] == b"[":
            examples_json.add(made, name, [])
            for part in _elements(body, value, None, "Expecting a value"):
                pause()
                examples_json.add(made, name, _values(body, part))
        else:
            examples_json.add(made, name, _value(body, value))
    return bytes(made.SerializeToString())


def _elements(body: bytes, place: Place, most: int | None, what: str) -> list[Part]:
    if body[place.start : place.start + 1] != b"[":
        raise _refused(f"{what} to be an list/array")
    try:
        found, close = json_parts.parts(body, place.start, most)
    except json_parts.TooMany as error:
        raise too_many(error.count, most or 0) from None
    _check_end(body, close, place.end)
    return found


def _check(body: bytes, place: Place) -> None:
    """Checks that a value is JSON."""
    opening = body[place.start : place.start + 1]
    if not _is_long(place) or opening not in (b"[", b"{"):
        _value(body, place)
        return
    for inner in _inner(body, place, opening):
        pause()
        _check(body, inner)


def _inner(body: bytes, place: Place, opening: bytes) -> Iterator[Place]:
    if opening == b"{":
        members, close = json_parts.members(body, place.start)
        _check_end(body, close, place.end)
        for _, start, end in members:
            yield Place(start, end)
        return
    for part in _elements(body, place, None, ""):
        if _is_long(part):
            yield _place(body, part)
        else:
            _values(body, part)


def _place(body: bytes, part: Part) -> Place:
    return Place(json_parts.first(body, part.start), part.end)


def _is_long(part: Part | Place) -> bool:
    return part.end - part.start > PART_BYTES


def _values(body: bytes, part: Part | Place) -> list[Any]:
    values: list[Any] = json_text.loads(b"[%b]" % body[part.start : part.end])
    if isinstance(part, Part) and len(values) != part.elements:
        raise json_parts.malformed("Invalid value", part.start)
    return values


def _value(body: bytes, place: Place) -> Any:
    values = _values(body, place)
    if len(values) != 1:
        raise json_parts.malformed("Invalid value", place.start)
    return values[0]


def _check_end(body: bytes, close: int, end: int) -> None:
    if json_parts.first(body, close) < end:
        raise json_parts.malformed("Missing a comma after a value", close)


def too_many(rows: int, most: int) -> ServingError:
    """The refusal of a request with too many rows."""
    return _refused(f"Task size {rows} is larger than maximum input batch size {most}")


def _refused(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)
