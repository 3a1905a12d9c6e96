"""The dashboard's API in OpenAPI 3.1: what can be asked, with which parameters, and the answers."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": ["number", "null"]}
WHOLE: Schema = {"type": "integer"}
_SOME_TEXT: Schema = {"type": ["string", "null"]}
TRUTH: Schema = {"type": ["boolean", "null"]}
ANYTHING: Schema = {}


def _object(**properties: Schema) -> Schema:
    """An object that has all of these, and perhaps more."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


RUN = _object(
    id=TEXT,
    status=TEXT,
    problem={**TEXT, "description": "What is wrong with the record; empty if nothing."},
    model=TEXT,
    number={**WHOLE, "description": "Its place in the order of starts; 0: not known."},
    started={**NUMBER, "description": "Seconds since 1970."},
    finished=NUMBER,
    commit=TEXT,
    dirty={"type": "boolean"},
    dataset={**TEXT, "description": "The hash of the data's content."},
    blessed=TRUTH,
    pushed_version={"type": ["integer", "null"]},
    pushed_to=TEXT,
    failure=TEXT,
    nodes=WHOLE,
    nodes_over=WHOLE,
    node={**TEXT, "description": "The node that runs now."},
    hyperparameters=_map(ANYTHING),
    metrics={**_map(NUMBER), "description": "Those of all rows of the test split."},
    overrides=TEXT,
    tags=_list(TEXT),
    note={**TEXT, "description": "Markdown."},
    archived={"type": "boolean"},
)
LISTED = {
    "allOf": [
        RUN,
        _object(values={**_map(ANYTHING), "description": "Of the columns that were asked for."}),
    ]
}
LIST = _object(
    runs=_list(LISTED),
    matching={**WHOLE, "description": "How many runs pass, on all pages."},
    total=WHOLE,
    archived={**WHOLE, "description": "How many more are archived and left out."},
    running=WHOLE,
    scan=_object(complete={"type": "boolean"}, read=WHOLE, folders=WHOLE),
    columns=_object(metrics=_list(TEXT), hyperparameters=_list(TEXT)),
    folder=TEXT,
    sources=_list(_object(address=TEXT, reached=TRUTH, since=NUMBER, problem=TEXT)),
)
COLUMNS = _object(
    **{
        name: _list(TEXT)
        for name in ("fields", "metrics", "hyperparameters", "slices", "config", "rows")
    }
)
ERROR = _object(error=_object(headline=TEXT, detail=TEXT, remedy=TEXT))
NOTES = {
    "type": "object",
    "properties": {"tags": _list(TEXT), "note": TEXT, "archived": {"type": "boolean"}},
    "required": ["tags", "note"],
}
VIEW = _object(name=TEXT, query={**TEXT, "description": "As it stands in the list's address."})


def _query(name: str, about: str, schema: Schema = TEXT, **more: Any) -> Schema:
    return {"name": name, "in": "query", "description": about, "schema": schema, **more}


_ARCHIVED = _query("archived", "1: those that are archived, too.", {"enum": ["1"]})
_OFFSET = _query("offset", "So many are left out at the beginning; by default 0.", WHOLE)
_LISTED = [
    _query("text", "Words that a run has in its id, model, status, tags, note, commit or failure."),
    _query("where", "A filter, such as `auc > 0.9 and blessed`."),
    _query("sort", "A column; with - in front the largest first. By default -started."),
    _ARCHIVED,
    _query(
        "column",
        "A column whose values are to be in `values`, such as config.training.epochs; may be "
        "given several times.",
        _list(TEXT),
    ),
    _OFFSET,
    _query("limit", "At most so many runs, up to 500; by default 50.", WHOLE),
]
_RECORDS = [
    _query("model", "Only runs of this model, and those that cannot be read."),
    _query("limit", "At most so many, up to 500; by default 20.", WHOLE),
    _ARCHIVED,
]
_LOOKS = [_OFFSET, _query("limit", "At most so many looks; by default 100.", WHOLE)]
_TEXT = [
    _query("path", "A file of the run's folder; by default tfx.log."),
    _query("from", "The first byte.", WHOLE),
    _query("before", "The byte before which it ends; by default the end of the file.", WHOLE),
]
_DIFF = [
    _query("left", "A run's id.", required=True),
    _query("right", "Another's.", required=True),
    _query("path", "A file of the model's code.", required=True),
]
_RELATED = [
    _query("run", "The trials of this run's search; without it, runs that pass the filter."),
    *_LISTED[:2],
]
_OUTCOME = [*_RELATED, _query("of", "The outcome's column.", required=True)]
READ: dict[str, tuple[str, list[Schema], Schema]] = {
    "/api/runs": ("A part of the list of runs, searched, filtered and sorted.", _LISTED, LIST),
    "/api/records": (
        "Whole records, newest first, as `python -m pipeline runs --json` prints them.",
        _RECORDS,
        _list(_object(id=TEXT, status=TEXT)),
    ),
    "/api/columns": ("The names of all columns.", [], COLUMNS),
    "/api/views": ("The saved views of the list.", [], _object(views=_list(VIEW))),
    "/api/models": (
        "Every model with its judged runs.",
        [],
        _object(models=_list(_object(name=TEXT, runs=WHOLE, pushed=WHOLE, judged=_list(RUN)))),
    ),
    "/api/diff": ("How a file of the code differs.", _DIFF, _object(hunks=_list(_list(ANYTHING)))),
    "/api/runs/{run}": (
        "One run: its row, its record (docs/generated/run.schema.json), and its files.",
        [],
        _object(run=RUN, record=_map(ANYTHING), has=_map(TRUTH), monitoring=ANYTHING),
    ),
    "/api/runs/{run}/details": (
        "Curves, trials, features and plots (docs/generated/details.schema.json).",
        [],
        _object(details=_map(ANYTHING), problem=TEXT),
    ),
    "/api/runs/{run}/machine": (
        "What the run took of its machine (docs/generated/machine.schema.json).",
        [],
        _object(machine=_map(ANYTHING), problem=TEXT),
    ),
    "/api/runs/{run}/files": (
        "The files of the run's folder.",
        [],
        _object(files=_list(_object(path=TEXT, size=WHOLE, changed=NUMBER)), more=TRUTH),
    ),
    "/api/runs/{run}/text": (
        "A part of a text file, without the codes of terminals.",
        _TEXT,
        _object(text=TEXT, partial=TEXT, start=WHOLE, end=WHOLE, size=WHOLE, binary=TRUTH),
    ),
    "/api/runs/{run}/neptune": (
        "The run's Neptune record.",
        [],
        _object(
            files=_list(TEXT),
            fields=_list(ANYTHING),
            series=_list(ANYTHING),
            histograms=_list(ANYTHING),
        ),
    ),
    "/api/monitoring": ("Each served version with its last look.", [], _object(models=_list({}))),
    "/api/monitoring/{model}/{version}": (
        "The looks at a version, newest first.",
        _LOOKS,
        _object(model=TEXT, version=WHOLE, total=WHOLE, looks=_list({}), events=_list({})),
    ),
    "/api/monitoring/{model}/{version}/looks/{file}": ("A look.", [], _map(ANYTHING)),
    "/api/compare/data": (
        "How the training data of a run differs from another's.",
        _DIFF[:2],
        _object(described=_list(TRUTH), features=_list(_object(name=TEXT, differs=TRUTH))),
    ),
    "/api/runs/{run}/beside": (
        "The run before it, and the one that made what is in production.",
        [],
        _object(previous=_SOME_TEXT, production=_SOME_TEXT),
    ),
    "/api/relations": (
        "Hyperparameters and outcomes of runs, or of a search's trials, as a table.",
        _RELATED,
        _object(columns=_list(_object(key=TEXT)), names=_list(TEXT), rows=_list(_list(ANYTHING))),
    ),
    "/api/relations/importance": (
        "The share of an outcome's variance that each hyperparameter accounts for.",
        _OUTCOME,
        _object(rows=WHOLE, found=_list(_object(matters=TRUTH)), same=_list(TEXT), problem=TEXT),
    ),
    "/api/serving": (
        "What serves of each model, from the serving folder's files.",
        [],
        _object(models=_list(_object(name=TEXT)), problems=_list(TEXT), folder=TEXT),
    ),
    "/api/openapi.json": ("This document.", [], _map(ANYTHING)),
}
"""By path what is asked, its parameters and the schema of its answer."""
TABLES: dict[str, tuple[str, list[Schema]]] = {
    "/api/relations.csv": ("The table of /api/relations as CSV, with a line of names.", _RELATED),
}
"""By path what is asked that is answered with CSV, and its parameters."""
WRITE: dict[str, dict[str, tuple[str, Schema | None]]] = {
    "/api/runs/{run}/notes": {"put": ("Writes tags, note, and whether it is archived.", NOTES)},
    "/api/views/{name}": {
        "put": ("Saves a view of the list.", _object(query=TEXT)),
        "delete": ("Removes a view.", None),
    },
}
"""By path and method what is done, and the schema of what is sent."""


def document() -> dict[str, Any]:
    """The whole of it."""
    paths: dict[str, dict[str, Any]] = {}
    for path, (about, parameters, answer) in READ.items():
        asked = {"summary": about, "parameters": [*_places(path), *parameters]}
        paths.setdefault(path, {})["get"] = {**asked, "responses": _answers(answer)}
    for path, (about, parameters) in TABLES.items():
        asked = {"summary": about, "parameters": parameters}
        paths[path] = {"get": {**asked, "responses": _answers(TEXT, "text/csv")}}
    for path, methods in WRITE.items():
        for method, (about, sent) in methods.items():
            operation: Schema = {"summary": about, "parameters": _places(path)}
            if sent is not None:
                operation["requestBody"] = {"required": True, "content": _content(sent)}
            paths.setdefault(path, {})[method] = {**operation, "responses": _answers(None)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The dashboard",
            "version": "1",
            "description": "Runs, their records and their monitoring, for programs. Errors have "
            "the reason in words. Answers have an ETag.",
        },
        "paths": paths,
        "components": {"schemas": {"Error": ERROR}},
    }


def _places(path: str) -> list[Schema]:
    """The parameters in a path."""
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]


def _answers(answer: Schema | None, kind: str = "application/json") -> Schema:
    wrong = {"description": "What is wrong", "content": _content(_ref("Error"))}
    if answer is None:
        return {"2XX": {"description": "Done"}, "4XX": wrong}
    right = {"description": "The answer", "content": _content(answer, kind)}
    return {"200": right, "304": {"description": "As the ETag in If-None-Match"}, "4XX": wrong}


def _content(schema: Schema, kind: str = "application/json") -> Schema:
    return {kind: {"schema": schema}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
