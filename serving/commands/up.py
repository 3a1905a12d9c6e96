"""`up`: serve every model under a folder."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Annotated

import typer

from serving.commands.app import app
from serving.core import logs
from serving.core.errors import Code, ServingError
from serving.core.files import regular_file

Models = Annotated[Path, typer.Option(help="The serving folder: MODEL/VERSION/saved_model.pb.")]


@app.command()
def up(
    models: Models = Path("serving_models"),
    host: Annotated[str, typer.Option(help="0.0.0.0 to be reached from elsewhere.")] = "127.0.0.1",
    rest_port: Annotated[
        # Vertex AI tells its containers which port it asks.
        int, typer.Option(help="0 for any free one.", envvar="AIP_HTTP_PORT")
    ] = 8501,
    grpc_port: Annotated[int, typer.Option(help="0 for any free one, -1 for no gRPC.")] = 8500,
    max_body: Annotated[int, typer.Option(help="Largest request, in MB.")] = 32,
    max_rows: Annotated[int, typer.Option(help="Most rows of a request, and of a batch.")] = 4096,
    max_queue: Annotated[int, typer.Option(help="Most requests that wait for a version.")] = 1024,
    parallel: Annotated[int, typer.Option(min=1, help="Runs of a version at the same time.")] = 2,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes; each loads the models and takes a core.")
    ] = 1,
    threads: Annotated[
        int,
        typer.Option(
            min=0, help="Of each process, for one operation; 0 for its share of the cores."
        ),
    ] = 0,
    timeout: Annotated[float, typer.Option(help="Seconds until a request fails with 504.")] = 30,
    grace: Annotated[float, typer.Option(help="Seconds that a stop waits for answers.")] = 30,
    drain: Annotated[
        float, typer.Option(help="Seconds that a stop still listens, while unready.")
    ] = 0,
    interval: Annotated[float, typer.Option(help="Seconds between looks at the folder.")] = 1,
    token_file: Annotated[
        Path | None, typer.Option(help="A file with the token that clients must send.")
    ] = None,
    cors: Annotated[bool, typer.Option(help="Let pages of other sites ask.")] = False,
    tls_certificate: Annotated[Path | None, typer.Option(help="A PEM file.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="A PEM file.")] = None,
    upstream: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Load no model: route to, and log, this server's REST."),
    ] = None,
    bucket: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            envvar="SERVING_FOLDER",
            help="A serving folder in a bucket that this one follows: gs:// or s3://.",
        ),
    ] = None,
) -> None:
    """Serve every model under a folder, until SIGTERM or Ctrl-C."""
    if bucket is None:
        _check_folder(models)
    secret = _token(token_file)
    # Before TensorFlow is imported: what it says at its start is not about the models. What goes
    # wrong with those comes as exceptions.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", category=FutureWarning)
    if threads or workers > 1:
        share = max(1, len(os.sched_getaffinity(0)) // workers)
        # TensorFlow reads it in each process that it is inherited by.
        os.environ["TF_NUM_INTRAOP_THREADS"] = str(threads or share)
    from serving.commands import hooks
    from serving.core.settings import Limits, Settings

    settings = Settings(
        models=models, host=host, rest_port=rest_port, grpc_port=grpc_port,
        limits=Limits(max_queue, max_rows, parallel), body_bytes=max_body * 2**20, timeout=timeout,
        grace=grace, drain=drain, interval=interval, token=secret, cors=cors,
        tls_certificate=tls_certificate, tls_key=tls_key, workers=workers,
    )  # fmt: skip
    if workers > 1:
        _check_workers(workers, upstream, bucket)
        from serving.request_log import settings as request_log_settings
        from serving.workers.supervisor import Supervisor

        request_log_settings.read(models)  # A mistake is told once, and not by each worker.
        raise typer.Exit(Supervisor(settings, hooks.Told(str(models)).rolled_back).run())
    plugged = hooks.of_folder(models, bucket)
    if upstream is not None:
        from serving.upstream import server as forwarding

        forwarding.run(settings, plugged, upstream)
        return
    from serving.server import Server

    Server(settings, plugged).run()


def _check_workers(workers: int, upstream: str | None, bucket: str | None) -> None:
    for option, reason in (
        (upstream and "--upstream", "A server that forwards loads no model, and is one process."),
        (bucket and "--bucket", "What follows a folder in a bucket, and uploads, is one process."),
    ):
        if option:
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"{option} was given with --workers {workers}",
                reason,
                "Leave --workers out, or start several servers behind a balancer.",
            )


def _check_folder(models: Path) -> None:
    if not models.is_dir():
        raise ServingError(
            Code.NOT_FOUND,
            f"There is no folder {models}",
            "",
            "Train and push a model with `make run`, or name another folder with --models.",
        )


def _token(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        token = regular_file.read(path, 2**20).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ServingError(
            Code.INVALID_ARGUMENT, f"The token file {path} cannot be read", str(error)
        ) from error
    if not token:
        raise ServingError(Code.INVALID_ARGUMENT, f"The token file {path} is empty")
    logs.hide(token)
    return token
