"""ExampleGen: reads a table and writes it as `tf.Example`s, each row in its split.

TFX's own has a driver that looks at modification times, so that a file which was merely touched
runs everything again. Here the content's hash is a parameter like any other. And the rows do not
pass through Beam one by one, which would take most of the time: Beam distributes the files, or the
parts of a large one, and of BigQuery the streams. Where all runs in one process, the parts are
shared with those beside it that wait.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import apache_beam as beam
import pyarrow as pa
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions
from tfx import types
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_component, base_beam_executor, executor_spec
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.utils import io_utils

from components import another_process, examples_writer, object_store, tables, tfrecord_file
from components.beam_errors import pack_data_error, unpack_data_error
from components.bigquery import streams
from components.tables import parts, spans, splits
from components.tables.parts import Part
from components.tables.quality import findings
from components.tables.reading import READERS, Reader
from components.tables.rows import with_values
from components.tables.source import LOCAL, shown
from components.tables.splits import SplitRule
from components.wide_tables.in_process import runs_in_process
from models.common.errors import DataError

SPANS = "spans"
"""The property of the examples that says which spans they are of."""

LEFT_OUT = "rows_left_out.txt"
"""The file beside the splits with how many rows have no value in a column that needs one."""
_IN_PROCESS = ("FnApiRunner", "DirectRunner", "BundleBasedDirectRunner")
"""Beam's runners whose workers are this process or its children."""
_READERS = {**READERS, "tfrecord": tfrecord_file.read}


class ExampleGenSpec(ComponentSpec):
    """What ExampleGen takes and gives."""

    PARAMETERS: ClassVar[dict[str, ExecutionParameter]] = {
        "source": ExecutionParameter(type=str),
        "splits": ExecutionParameter(type=str),
        "hints": ExecutionParameter(type=str),
        "data_hash": ExecutionParameter(type=str),
        "required": ExecutionParameter(type=str),
        "packages": ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, ChannelParameter]] = {}
    OUTPUTS: ClassVar[dict[str, ChannelParameter]] = {
        "examples": ChannelParameter(type=standard_artifacts.Examples)
    }


class Executor(base_beam_executor.BaseBeamExecutor):
    """Finds each column's type in all files, then writes each file's rows with these types."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Reads the table and writes its splits.

        Raises:
            DataError: The data cannot be read, a split would be empty, or the data is no longer
                what its hash in the cache's key says.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        source = tables.TableSource.from_json(exec_properties["source"])
        known, is_table = exec_properties["data_hash"], source.format == "bigquery"
        before = known if is_table else fingerprint(source)
        # What a bucket keeps of its files is not always what the key was made from.
        if "://" not in source.location and before != known:
            raise _changed(source)
        hints = json.loads(exec_properties["hints"])
        required = json.loads(exec_properties["required"])
        if is_table:
            # Of BigQuery it is the very version in the key that is read, whatever comes meanwhile.
            most = _most_streams(self._beam_pipeline_args or [])
            found = streams.open_streams(source, known, most)
        else:
            found = tables.find(source, _files(source.location))
        rule = SplitRule.of_config(json.loads(exec_properties["splits"]), found.splits)
        every = _parts(source, found.paths)
        is_here = runs_in_process(self._beam_pipeline_args or [])
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        names = list(rule.shares)
        examples.split_names = artifact_utils.encode_split_names(names)
        folders = {split: artifact_utils.get_split_uri([examples], split) for split in names}
        if found.spans:
            examples.set_string_custom_property(SPANS, spans.in_words(list(found.spans)))
        with unpack_data_error(), self._make_beam_pipeline() as pipeline:
            work = pipeline | beam.Create(_shares(every, is_here)) | beam.Reshuffle()
            summary = (
                work
                | "Scan" >> beam.FlatMap(pack_data_error(_each), _scan, source)
                | beam.combiners.ToList()
                | "Merge" >> beam.Map(pack_data_error(_merge), source.format, rule)
            )
            _ = summary | "Tell" >> beam.Map(_tell, hints, examples.uri)
            table = beam.pvalue.AsSingleton(summary)
            if rule.needs_counts:
                counted = (
                    work
                    | "CountTimes"
                    >> beam.FlatMap(
                        pack_data_error(_each), _count_times, source, table, hints, rule, required
                    )
                    | "Counted" >> beam.combiners.ToList()
                )
            else:
                counted = pipeline | "NothingToCount" >> beam.Create([[]])
            left_out = work | "Write" >> beam.FlatMap(
                pack_data_error(_each),
                _write,
                source,
                table,
                hints,
                rule,
                beam.pvalue.AsSingleton(counted),
                folders,
                required,
            )
            _ = (
                left_out
                | beam.CombineGlobally(sum)
                | beam.Map(_write_number, f"{examples.uri}/{LEFT_OUT}")
            )
        if not is_table and fingerprint(source) != before:
            raise _changed(source)
        _check_none_is_empty(source, found.paths, hints, rule, folders, required)
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
        examples_utils.set_file_format(examples, "tfrecords_gzip")


class ExampleGen(base_beam_component.BaseBeamComponent):
    """Reads CSV, TFRecord, Parquet, Avro or BigQuery."""

    SPEC_CLASS = ExampleGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        source: tables.TableSource,
        splits: Mapping[str, Any],
        hints: Mapping[str, tables.ColumnType] | None = None,
        data_hash: str | None = None,
        required: Sequence[str] = (),
        packages: Mapping[str, str] | None = None,
    ) -> None:
        """Describes the node.

        Args:
            source: The table.
            splits: Each split's share of the rows, and how they are split: see `SplitRule`.
            hints: Types that widen what the values say; see `tables.TableSummary.types`.
            data_hash: What changes when the data does; None: `fingerprint(source)`.
            required: Columns without a value in which a row is left out.
            packages: Versions of packages whose upgrade runs the whole pipeline again, by name.

        Raises:
            DataError: There is no such data.
        """
        super().__init__(
            ExampleGenSpec(
                source=source.to_json(),
                splits=json.dumps(dict(splits)),
                hints=json.dumps(dict(hints or {}), sort_keys=True),
                data_hash=data_hash or fingerprint(source),
                required=json.dumps(list(required)),
                packages=json.dumps(dict(packages or {}), sort_keys=True),
                examples=types.Channel(type=standard_artifacts.Examples),
            )
        )


def fingerprint(source: tables.TableSource) -> str:
    """What changes when the content of the table's files does.

    Of files in a bucket it is a hash of the checksums that the bucket keeps, of BigQuery the
    table's version: nothing is downloaded.

    Raises:
        DataError: There are no such files.
    """
    if "://" not in source.location or source.format == "bigquery":
        return tables.content_hash(source)
    digest = hashlib.sha256()
    for path in tables.resolve(source, _files(source.location)):
        known = object_store if object_store.knows(path) else FileSystems
        digest.update(f"{path}\0{known.checksum(path)}\0".encode())
    return digest.hexdigest()[:32]


def _most_streams(beam_args: Sequence[str]) -> int:
    """So many streams of a table may be read at once; 0: as many as BigQuery thinks right."""
    options = PipelineOptions(list(beam_args))
    runner = options.view_as(StandardOptions).runner or "DirectRunner"
    if runner not in _IN_PROCESS:
        return 0
    return int(options.view_as(DirectOptions).direct_num_workers) or os.cpu_count() or 1


def _changed(source: tables.TableSource) -> DataError:
    return DataError(
        f"{shown(source.location)} changed while it was read",
        "Expected: files that stay as they are until their rows are written as examples. Nothing "
        "of what was read is kept.",
        "Run again when nothing writes to the data, or let data.path name a copy of it.",
    )


class _RemoteFiles:
    """The file systems that TFX and Beam know, such as Google Cloud Storage."""

    exists = staticmethod(fileio.exists)
    isdir = staticmethod(fileio.isdir)
    glob = staticmethod(fileio.glob)

    def listdir(self, path: str) -> list[str]:
        # Folders of a bucket are listed with a slash at their end.
        return [name.rstrip("/") for name in fileio.listdir(path)]

    def open(self, path: str, mode: str) -> Any:
        if object_store.knows(path):
            return fileio.open(path, "rb")
        return FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)


def _files(path: str) -> tables.Files:
    return _RemoteFiles() if "://" in path else LOCAL


_Named = tuple[str, Part]
"""A part of a file, and what tells it from all others and puts them in order."""


def _parts(source: tables.TableSource, paths: Iterable[str]) -> list[_Named]:
    """The parts of all files, in order."""
    found: list[_Named] = []
    for index, path in enumerate(paths):
        some = parts.of_file(source, path, _files(path))
        names = [f"{index:05}-{number:05}" for number in range(len(some))]
        found += zip(names if len(some) > 1 else [f"{index:05}"], some, strict=True)
    return found


def _shares(every: Sequence[_Named], is_here: bool) -> list[list[_Named]]:
    """What Beam gives to one worker; this process shares all of them with others by itself."""
    return [list(every)] if is_here else [[part] for part in every]


def _each(share: Sequence[_Named], function: Callable[..., Any], *arguments: Any) -> list[Any]:
    return another_process.each(function, share, *arguments)


def _scan(named: _Named, source: tables.TableSource) -> tuple[str, tables.TableSummary]:
    name, part = named
    read = _reader(source, part)
    return name, tables.scan_file(source, part.path, _files(part.path), read)


def _merge(
    scanned: list[tuple[str, tables.TableSummary]], format: str, rule: SplitRule
) -> tables.TableSummary:
    in_order = sorted(scanned, key=lambda item: item[0])
    table = tables.merge((summary for _, summary in in_order), format)
    rule.check_columns(table)
    return table


def _rows(
    part: Part,
    source: tables.TableSource,
    table: tables.TableSummary,
    hints: Mapping[str, tables.ColumnType],
) -> Iterator[pa.RecordBatch]:
    read = _reader(source, part)
    return tables.read_file(source, part.path, table.types(hints), _files(part.path), read)


def _reader(source: tables.TableSource, part: Part) -> Reader:
    return parts.reader(source, part, _READERS[source.format])


def _count_times(
    named: _Named,
    source: tables.TableSource,
    table: tables.TableSummary,
    hints: Mapping[str, tables.ColumnType],
    rule: SplitRule,
    required: Sequence[str],
) -> splits.Counted:
    _, part = named

    def counted(some: Part) -> splits.Counted:
        rows = _kept(_rows(some, source, table, hints), required)
        return splits.count_times(rule, rows, part.path)

    try:
        return counted(part)
    except DataError:
        if part.is_whole:
            raise
        # Which row of the file it is, only who reads all of it knows.
        return counted(Part(part.path))


def _kept(batches: Iterable[pa.RecordBatch], required: Sequence[str]) -> Iterator[pa.RecordBatch]:
    return (with_values(batch, required) for batch in batches)


def _tell(
    summary: tables.TableSummary, hints: Mapping[str, tables.ColumnType], folder: str
) -> None:
    """Writes what there is to tell of the table, for the gate."""
    fileio.makedirs(folder)
    with fileio.open(f"{folder}/{findings.FILE}", "w") as file:
        file.write(findings.to_json(findings.find(summary, hints)))


def _write(
    named: _Named,
    source: tables.TableSource,
    table: tables.TableSummary,
    hints: Mapping[str, tables.ColumnType],
    rule: SplitRule,
    counted: list[splits.Counted],
    folders: Mapping[str, str],
    required: Sequence[str],
) -> int:
    if rule.needs_counts:
        rule = splits.with_cuts(rule, counted)
    name, part = named
    batches = _rows(part, source, table, hints)
    return examples_writer.write(batches, rule, folders, name, part.path, required)


def _write_number(number: int, path: str) -> None:
    io_utils.write_string_file(path, str(number))


def _check_none_is_empty(
    source: tables.TableSource,
    paths: Iterable[str],
    hints: Mapping[str, tables.ColumnType],
    rule: SplitRule,
    folders: Mapping[str, str],
    required: Sequence[str],
) -> None:
    """Refuses a split without rows; only then are the files read again, to say why."""
    if all(fileio.exists(folder) and fileio.listdir(folder) for folder in folders.values()):
        return
    whole = [(f"{index:05}", Part(path)) for index, path in enumerate(paths)]
    table = _merge([_scan(named, source) for named in whole], source.format, rule)
    files = ((part.path, _kept(_rows(part, source, table, hints), required)) for _, part in whole)
    splits.check(rule, files)
