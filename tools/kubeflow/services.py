"""Starts what a Kubeflow cluster consists of, in namespaces of this process alone."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

import requests
import urllib3
import yaml

from tools.kubeflow.build import Binaries

NAMESPACE = "kubeflow"
KUBERNETES = "https://127.0.0.1:6443"
API = "http://127.0.0.1:8888"
STORE = "http://127.0.0.1:9000"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_TOKEN = "a-token-of-this-machine"
_STORE = "from moto.server import main; main()"
_SECRETS = Path("/run/secrets/kubernetes.io/serviceaccount")
_LOCAL_COPIES = ("s3", "gcs", "minio")
"""Where the launcher keeps its copies, below the root."""
_NAMES = (
    "ml-pipeline.kubeflow.svc.cluster.local",
    "ml-pipeline.kubeflow",
    "metadata-grpc-service.kubeflow.svc.cluster.local",
    "metadata-grpc-service.kubeflow",
    "mysql",
)


@dataclass
class Cluster:
    """The running services."""

    binaries: Binaries
    folder: Path
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, crds: Sequence[Path]) -> None:
        """Starts all of them.

        Args:
            crds: Folders with Kubernetes' definitions of Argo's and Kubeflow's resources.
        """
        (self.folder / "log").mkdir(parents=True, exist_ok=True)
        self._start_kubernetes()
        self._define(crds)
        self._start_database()
        self._run("store", [sys.executable, "-c", _STORE, "-H", "127.0.0.1", "-p", "9000"])
        _wait(STORE)
        metadata = [sys.executable, "-m", "tools.kubeflow.metadata_server", "8080"]
        self._run("metadata", [*metadata, str(self.folder / "metadata.db")])
        self._start_api()

    def stop(self) -> None:
        """Stops them, the last first."""
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)

    def _start_kubernetes(self) -> None:
        etcd = ["etcd", "--data-dir", str(self.folder / "etcd"), "--log-level", "error"]
        self._run("etcd", etcd)
        certificates = self.folder / "certificates"
        certificates.mkdir(exist_ok=True)
        tokens, key = certificates / "tokens.csv", certificates / "accounts.key"
        tokens.write_text(f"{_TOKEN},admin,admin,system:masters\n", encoding="utf-8")
        subprocess.run(
            ["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True
        )
        self._run(
            "kubernetes",
            [
                str(self.binaries.kube_apiserver),
                "--etcd-servers=http://127.0.0.1:2379",
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                f"--cert-dir={certificates}",
                f"--token-auth-file={tokens}",
                "--authorization-mode=AlwaysAllow",
                "--disable-admission-plugins=ServiceAccount",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-signing-key-file={key}",
                f"--service-account-key-file={key}",
                "--service-cluster-ip-range=10.0.0.0/24",
            ],
        )
        _wait(f"{KUBERNETES}/readyz", seconds=180)
        _SECRETS.mkdir(parents=True)
        (_SECRETS / "token").write_text(_TOKEN, encoding="utf-8")
        (_SECRETS / "namespace").write_text(NAMESPACE, encoding="utf-8")
        shutil.copy(certificates / "apiserver.crt", _SECRETS / "ca.crt")
        kubernetes("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})

    def _define(self, crds: Sequence[Path]) -> None:
        for path in [path for folder in crds for path in sorted(folder.glob("*.yaml"))]:
            for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
                if document and document.get("kind") == "CustomResourceDefinition":
                    address = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
                    kubernetes("POST", address, document)

    def _start_database(self) -> None:
        data = self.folder / "mariadb"
        data.mkdir(exist_ok=True)
        data.chmod(0o777)
        install = ["mariadb-install-db", f"--datadir={data}", "--user=root"]
        subprocess.run(
            [*install, "--auth-root-authentication-method=normal"], check=True, capture_output=True
        )
        socket = "/run/mariadb.sock"
        where = [f"--datadir={data}", f"--socket={socket}", "--bind-address=127.0.0.1"]
        self._run("mariadb", ["mariadbd", "--no-defaults", "--user=root", *where])
        grant = "create user kfp@localhost identified by 'kfp'; grant all on *.* to kfp@localhost;"
        for _ in _attempts(60):
            line = ["mariadb", "--no-defaults", f"--socket={socket}", "-e", grant]
            if subprocess.run(line, capture_output=True, check=False).returncode == 0:
                return
        raise TimeoutError("MariaDB did not start")

    def _start_api(self) -> None:
        settings = {
            **of_a_pod(),
            **of_a_desk(),
            "POD_NAMESPACE": NAMESPACE,
            "DBDRIVERNAME": "mysql",
            "DBCONFIG_MYSQLCONFIG_HOST": "127.0.0.1",
            "DBCONFIG_MYSQLCONFIG_PORT": "3306",
            "DBCONFIG_MYSQLCONFIG_USER": "kfp",
            "DBCONFIG_MYSQLCONFIG_PASSWORD": "kfp",
            "OBJECTSTORECONFIG_HOST": "127.0.0.1",
            "OBJECTSTORECONFIG_PORT": "9000",
            "OBJECTSTORECONFIG_SECURE": "false",
            "OBJECTSTORECONFIG_ACCESSKEY": "test",
            "OBJECTSTORECONFIG_SECRETACCESSKEY": "test",
            "ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_HOST": "127.0.0.1",
            "ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_PORT": "8889",
        }
        line = [
            str(self.binaries.api_server),
            f"-config={self.folder / 'config'}",
            "-sampleconfig=",
        ]
        self._run("api", [*line, "-logtostderr=true"], settings)
        _wait(f"{API}/apis/v2beta1/healthz", seconds=120)

    def _run(
        self, name: str, line: Sequence[str], variables: Mapping[str, str] | None = None
    ) -> None:
        with (self.folder / "log" / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                line, env={**os.environ, **(variables or {})}, stdout=log, stderr=log
            )
        self._processes.append(process)


def isolate(folder: Path) -> None:
    """Makes the mounts that the programs expect of a pod; nobody outside of it sees them.

    The process is in namespaces of its own for mounts and the network (`unshare --mount --net`).
    """
    _mount("-t", "tmpfs", "none", "/run")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {' '.join(_NAMES)}\n", encoding="utf-8")
    _mount("--bind", str(hosts), "/etc/hosts")
    for name in _LOCAL_COPIES:
        copies = folder / "local-copies" / name
        copies.mkdir(parents=True, exist_ok=True)
        Path("/", name).mkdir(exist_ok=True)
        _mount("--bind", str(copies), f"/{name}")


def of_a_pod() -> dict[str, str]:
    """How a container in the cluster finds Kubernetes."""
    return {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "6443"}


def of_a_desk() -> dict[str, str]:
    """How whoever submits finds the store."""
    return {**KEYS, "AWS_ENDPOINT_URL": STORE, "AWS_REGION": "us-east-1"}


def kubernetes(method: str, path: str, body: Any = None) -> Any:
    """Asks Kubernetes' API server."""
    answer = requests.request(
        method,
        f"{KUBERNETES}{path}",
        json=body,
        headers={"Authorization": f"Bearer {_TOKEN}"},
        verify=str(_SECRETS / "ca.crt"),
        timeout=60,
    )
    answer.raise_for_status()
    return answer.json()


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _wait(address: str, seconds: int = 60) -> None:
    urllib3.disable_warnings()  # Kubernetes has just made its certificate itself.
    for _ in _attempts(seconds):
        with contextlib.suppress(requests.RequestException):
            if requests.get(address, timeout=5, verify=False).status_code < 500:
                return
    raise TimeoutError(f"{address} did not answer within {seconds} s")


def _attempts(seconds: int) -> Iterator[int]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield 0
        time.sleep(1)
