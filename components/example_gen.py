"""ExampleGen: reads a table and writes it as `tf.Example`s, split by hash.

TFX's own has a driver that looks at modification times, so that a file which was merely touched
runs everything again. Here the content's hash is a parameter like any other. And the rows do not
pass through Beam one by one, which would take most of the time: Beam distributes the files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from tfx import types
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_component, base_beam_executor, executor_spec
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.utils import io_utils

from components import examples_writer, tables, tfrecord_file
from components.beam_errors import pack_data_error, unpack_data_error
from components.tables import findings
from components.tables.reading import READERS
from components.tables.source import LOCAL
from models.common.errors import DataError

LEFT_OUT = "rows_left_out.txt"
"""The file beside the splits with how many rows have no value in a column that needs one."""
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
            DataError: The data cannot be read, or a split would be empty.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        source = tables.TableSource.from_json(exec_properties["source"])
        splits = json.loads(exec_properties["splits"])
        hints = json.loads(exec_properties["hints"])
        required = json.loads(exec_properties["required"])
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        examples.split_names = artifact_utils.encode_split_names(list(splits))
        folders = {split: artifact_utils.get_split_uri([examples], split) for split in splits}
        paths = tables.resolve(source, _files(source.pattern))
        with unpack_data_error(), self._make_beam_pipeline() as pipeline:
            files = pipeline | beam.Create(list(enumerate(paths))) | beam.Reshuffle()
            summary = (
                files
                | "Scan" >> beam.Map(pack_data_error(_scan), source)
                | beam.combiners.ToList()
                | "Merge" >> beam.Map(pack_data_error(_merge), source.format)
            )
            _ = summary | "Tell" >> beam.Map(_tell, hints, examples.uri)
            left_out = files | "Write" >> beam.Map(
                pack_data_error(_write),
                source,
                beam.pvalue.AsSingleton(summary),
                hints,
                splits,
                folders,
                required,
            )
            _ = (
                left_out
                | beam.CombineGlobally(sum)
                | beam.Map(_write_number, f"{examples.uri}/{LEFT_OUT}")
            )
        _check_none_is_empty(splits, folders)
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
        examples_utils.set_file_format(examples, "tfrecords_gzip")


class ExampleGen(base_beam_component.BaseBeamComponent):
    """Reads CSV, TFRecord, Parquet or Avro."""

    SPEC_CLASS = ExampleGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        source: tables.TableSource,
        splits: Mapping[str, int],
        hints: Mapping[str, tables.ColumnType] | None = None,
        data_hash: str | None = None,
        required: Sequence[str] = (),
        packages: Mapping[str, str] | None = None,
    ) -> None:
        """Describes the node.

        Args:
            source: The table.
            splits: Each split's share of the rows, in hash buckets.
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

    Of files in a bucket it is a hash of the checksums that the bucket keeps: nothing is downloaded.

    Raises:
        DataError: There are no such files.
    """
    if "://" not in source.pattern:
        return tables.content_hash(source)
    digest = hashlib.sha256()
    for path in tables.resolve(source, _files(source.pattern)):
        digest.update(f"{path}\0{FileSystems.checksum(path)}\0".encode())
    return digest.hexdigest()[:32]


class _RemoteFiles:
    """The file systems that TFX and Beam know, such as Google Cloud Storage."""

    exists = staticmethod(fileio.exists)
    isdir = staticmethod(fileio.isdir)
    glob = staticmethod(fileio.glob)

    def listdir(self, path: str) -> list[str]:
        # Folders of a bucket are listed with a slash at their end.
        return [name.rstrip("/") for name in fileio.listdir(path)]

    def open(self, path: str, mode: str) -> Any:
        return FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)


def _files(path: str) -> tables.Files:
    return _RemoteFiles() if "://" in path else LOCAL


def _scan(file: tuple[int, str], source: tables.TableSource) -> tuple[int, tables.TableSummary]:
    index, path = file
    read = _READERS[source.format]
    return index, tables.scan_file(source, path, _files(path), read)


def _merge(scanned: list[tuple[int, tables.TableSummary]], format: str) -> tables.TableSummary:
    in_order = sorted(scanned, key=lambda item: item[0])
    return tables.merge((summary for _, summary in in_order), format)


def _tell(
    summary: tables.TableSummary, hints: Mapping[str, tables.ColumnType], folder: str
) -> None:
    """Writes what there is to tell of the table, for the gate."""
    fileio.makedirs(folder)
    with fileio.open(f"{folder}/{findings.FILE}", "w") as file:
        file.write(findings.to_json(findings.find(summary, hints)))


def _write(
    file: tuple[int, str],
    source: tables.TableSource,
    summary: tables.TableSummary,
    hints: Mapping[str, tables.ColumnType],
    splits: Mapping[str, int],
    folders: Mapping[str, str],
    required: Sequence[str],
) -> int:
    index, path = file
    read = _READERS[source.format]
    batches = tables.read_file(source, path, summary.types(hints), _files(path), read)
    return examples_writer.write(batches, splits, folders, f"{index:05}", required)


def _write_number(number: int, path: str) -> None:
    io_utils.write_string_file(path, str(number))


def _check_none_is_empty(splits: Mapping[str, int], folders: Mapping[str, str]) -> None:
    for split, folder in folders.items():
        if not fileio.exists(folder) or not fileio.listdir(folder):
            shares = ", ".join(f"{name} {share}" for name, share in splits.items())
            raise DataError(
                f"The split '{split}' has no rows",
                f"Expected: at least one row in each split ({shares}, by hash of the row).",
                "Provide more rows, or change the shares under splits.",
            )
