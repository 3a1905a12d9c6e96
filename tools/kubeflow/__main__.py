"""Runs the taxi model on Kubeflow's real programs, on this machine, without a cluster.

    python -m tools.kubeflow --pipelines CHECKOUT --argo CHECKOUT

It needs root (namespaces for mounts and the network), Go, etcd and MariaDB (in Debian:
`apt-get install golang etcd-server mariadb-server`), and the project's own environment.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tools.kubeflow import build

if TYPE_CHECKING:
    from tools.kubeflow.scenario import Result

ROOT = Path(__file__).resolve().parents[2]
_INSIDE = "PIPELINE_KUBEFLOW_NAMESPACE"


def main() -> None:
    """Builds, enters the namespaces, starts the services and plays the scenario."""
    parser = argparse.ArgumentParser(prog="python -m tools.kubeflow", description=__doc__)
    parser.add_argument("--pipelines", type=Path, required=True, help="kubeflow/pipelines' source")
    parser.add_argument("--argo", type=Path, required=True, help="argoproj/argo-workflows' source")
    parser.add_argument("--folder", type=Path, help="for programs and logs; it is kept")
    parser.add_argument(
        "--python",
        type=Path,
        default=Path(sys.executable).parent,
        help="the folder of the `python` that runs the tasks (default: this one)",
    )
    given = parser.parse_args()
    missing = [name for name in ("go", "etcd", "mariadbd", "openssl") if not shutil.which(name)]
    if missing or os.geteuid() != 0:
        sys.exit(f"Error: needs root, and on the path: {', '.join(missing) or 'all is there'}.")
    folder = (given.folder or Path(tempfile.mkdtemp(prefix="kubeflow-"))).resolve()
    binaries = build.build(given.pipelines.resolve(), given.argo.resolve(), folder / "bin")
    if _INSIDE not in os.environ:
        line = [sys.executable, "-m", "tools.kubeflow", *sys.argv[1:], "--folder", str(folder)]
        unshare = ["unshare", "--mount", "--net", "--pid", "--mount-proc", "--fork", "--kill-child"]
        os.execvpe("unshare", [*unshare, *line], {**os.environ, _INSIDE: "1"})
    sys.exit(_play(given, binaries, folder))


def _play(given: argparse.Namespace, binaries: build.Binaries, folder: Path) -> int:
    from tools.kubeflow import scenario, services

    run = Path(tempfile.mkdtemp(prefix="run-", dir=folder))
    shutil.copytree(given.pipelines / "backend/src/apiserver/config", run / "config")
    services.isolate(run)
    cluster = services.Cluster(binaries, run)
    try:
        cluster.start(
            [
                given.argo / "manifests/base/crds/full",
                given.pipelines / "manifests/kustomize/base/crds",
                given.pipelines / "manifests/kustomize/base/pipeline/cluster-scoped",
            ]
        )
        good = True
        for result in scenario.play(ROOT, binaries, given.python.absolute(), run):
            _show(result)
            good = good and result.good
    finally:
        cluster.stop()
    for name, version in binaries.versions.items():
        print(f"{name:26}{version}")
    return 0 if good else 1


def _show(result: Result) -> None:
    print(f"\n{result.name}: {'as it should' if result.good else 'NOT AS IT SHOULD'}")
    print(f"  ran      {' '.join(result.ran) or 'nothing'}")
    print(f"  cached   {' '.join(result.cached) or 'nothing'}")
    print(f"  pushed   {' '.join(result.versions) or 'nothing'}", flush=True)
    if result.lacking:
        print(f"  lacking  {' '.join(result.lacking)}", flush=True)


if __name__ == "__main__":
    main()
