"""`:predict` with CSV in the request (`Content-Type`), in the answer (`Accept`), or in both."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from serving.codec import csv_text, long_json, predict_json
from serving.core import background, json_text
from serving.core.errors import Code, ServingError
from serving.core.exchange import Answer
from serving.core.model_spec import ModelSpec
from serving.engine.batcher import wrong_rows
from serving.engine.engine import Engine, Result
from serving.engine.versions import Version
from serving.http.messages import Request
from serving.model.signatures import DEFAULT, Arrays, Signature

CSV, JSON = "text/csv", "application/json"


class CsvAnswer(Answer):
    """An answer, with what the request log has of it."""

    logged_body = b"null"

    def json(self) -> bytes:
        """The answer as JSON would have it."""
        return self.logged_body


def is_sent(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request's body is CSV."""
    sent = headers.get(b"content-type")
    return bool(sent) and sent is not None and _media_type(sent.decode("latin-1"))[0] == CSV


def is_wanted(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the answer is to be CSV: it is accepted, and JSON is not accepted more."""
    accepted = headers.get(b"accept")
    if not accepted or CSV.encode() not in accepted.lower():
        return False
    found: dict[str, float] = {}
    for one in accepted.decode("latin-1").split(","):
        name, parameters = _media_type(one)
        try:
            found.setdefault(name, float(parameters.get("q", 1)))
        except ValueError:
            found.setdefault(name, 0.0)
    order = list(found)
    csv, json = found.get(CSV, 0.0), found.get(JSON, 0.0)
    return csv > json or (csv == json > 0 and order.index(CSV) < order.index(JSON))


async def predict(engine: Engine, spec: ModelSpec, request: Request, body: bytes) -> Answer:
    """`:predict`; an answer in JSON has rows.

    Raises:
        ServingError: The request is refused, or the model fails.
    """
    long = len(body) > background.LONG
    logs = engine.hooks.request_log is not None
    noted: list[bytes] = []
    count: int | None = None
    """Of the rows; None of columns in JSON."""
    sent = is_sent(request.headers)
    header = _header(request.headers) if sent else None
    name = _signature_name(request.query)

    def note(rows: list[dict[str, Any]]) -> None:
        if logs:
            noted.append(json_text.dump_special(rows)[1:-1])

    def prepare(version: Version) -> tuple[Signature, Arrays]:
        nonlocal count
        most = engine.versions.limits.rows
        if not sent:
            signature, arrays, count = long_json.predict(body, version.loaded.signature, most)
            return signature, arrays
        noted.clear()
        signature = version.loaded.signature(name)
        arrays, count = csv_text.read(body, signature, most, header, note)
        return signature, arrays

    result = await engine.run(spec, prepare, long)
    wrong = wrong_rows(result.outputs, count) if count is not None else None
    if wrong is not None:
        raise wrong
    logged_request = _logged_request(name, noted) if sent and logs else None
    answer = partial(_answer, request.headers, result, count is not None, logs)
    made = await background.run(answer) if predict_json.is_long(result.outputs) else answer()
    made.request = logged_request
    return made


def refuse(method: str) -> None:
    """Refuses CSV where no method takes it.

    Raises:
        ServingError: Always.
    """
    raise _unsupported(f"text/csv is taken by :predict alone, not by :{method}")


def logged(body: bytes) -> bytes:
    """What the request log has of a body that was refused."""
    # As JSON's plain `inputs`, which are left out where a feature is to be.
    return json_text.dump_special({"inputs": body.decode(errors="replace")})


def _answer(headers: Mapping[bytes, bytes], result: Result, rows: bool, logs: bool) -> CsvAnswer:
    outputs, infos = result.outputs, result.signature.outputs
    wanted = is_wanted(headers)
    json = b"null" if wanted and not logs else predict_json.answer(outputs, infos, rows or wanted)
    answer = CsvAnswer(json, version=result.version, label=result.label)
    answer.logged_body = json
    if wanted:
        accepted = headers[b"accept"].decode("latin-1").split(",")
        (parameters,) = [p for name, p in map(_media_type, accepted) if name == CSV][:1]
        header = parameters.get("header") != "absent"
        answer.body = csv_text.write(outputs, infos, header)
        told = "present" if header else "absent"
        answer.content_type = f"text/csv; charset=utf-8; header={told}".encode()
    return answer


def _logged_request(name: str, rows: list[bytes]) -> bytes:
    head = json_text.dump({"signature_name": name})[:-1]
    return b'%b,"instances":[%b]}' % (head, b",".join(rows))


def _header(headers: Mapping[bytes, bytes]) -> bool | None:
    """Whether `Content-Type` says that there is a header; None where it does not say.

    Raises:
        ServingError: It says something else, or names another encoding than UTF-8.
    """
    _, parameters = _media_type(headers[b"content-type"].decode("latin-1"))
    charset = parameters.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise _unsupported(f"charset={charset} is not supported: send UTF-8")
    header = parameters.get("header", "").lower()
    if header not in ("", "present", "absent"):
        raise _unsupported(f"header={header} in Content-Type: it is present or absent")
    return {"": None, "present": True, "absent": False}[header]


def _signature_name(query: bytes) -> str:
    """The query's `signature_name`, as CSV has no place for it."""
    names = parse_qs(query.decode("latin-1")).get("signature_name", [DEFAULT])
    return names[0]


def _media_type(text: str) -> tuple[str, dict[str, str]]:
    name, *parameters = text.split(";")
    pairs = [one.partition("=") for one in parameters]
    return name.strip().lower(), {
        key.strip().lower(): content.strip().strip('"') for key, _, content in pairs
    }


def _unsupported(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message, http_status=415)
