"""Builds Kubeflow's programs from a checkout of its source, and Kubernetes' API server."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

_KUBERNETES = "k8s.io/kubernetes"


@dataclass(frozen=True)
class Binaries:
    """The programs, and what they were built from."""

    api_server: Path
    driver: Path
    launcher: Path
    kube_apiserver: Path
    versions: dict[str, str]


def build(pipelines: Path, argo: Path, folder: Path) -> Binaries:
    """Builds what is not there yet; minutes at first.

    Args:
        pipelines: A checkout of github.com/kubeflow/pipelines.
        argo: A checkout of github.com/argoproj/argo-workflows, used as it is.
        folder: For the programs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kubernetes = _required(pipelines, "k8s.io/api").replace("v0.", "1.", 1)
    _build_kubernetes(kubernetes, folder)
    workspace = _with_argo(pipelines, argo, folder)
    for name, package in {
        "apiserver": "./backend/src/apiserver",
        "driver": "./backend/src/v2/cmd/driver",
        "launcher-v2": "./backend/src/v2/cmd/launcher-v2",
    }.items():
        if not (folder / name).exists():
            _go(
                ["build", "-mod=mod", f"-modfile={workspace}", "-o", str(folder / name), package],
                pipelines,
            )
    return Binaries(
        api_server=folder / "apiserver",
        driver=folder / "driver",
        launcher=folder / "launcher-v2",
        kube_apiserver=folder / "kube-apiserver",
        versions={
            "kubeflow/pipelines": _commit(pipelines),
            "argoproj/argo-workflows": _commit(argo),
            "Kubernetes": kubernetes,
        },
    )


def _with_argo(pipelines: Path, argo: Path, folder: Path) -> Path:
    """A go.mod of Kubeflow's that takes Argo from its checkout, whatever version it names."""
    path = folder / "kubeflow.mod"
    text = (pipelines / "go.mod").read_text(encoding="utf-8")
    module = re.search(r"github\.com/argoproj/argo-workflows/v\d+", text)
    assert module is not None, "Kubeflow Pipelines compiles to Argo's workflows"
    path.write_text(f"{text}\nreplace {module[0]} => {argo.resolve()}\n", encoding="utf-8")
    path.with_suffix(".sum").write_bytes((pipelines / "go.sum").read_bytes())
    return path


def _build_kubernetes(version: str, folder: Path) -> None:
    """Kubernetes' own API server; as a module it asks for the modules that it is released with."""
    if (folder / "kube-apiserver").exists():
        return
    module = folder / "kubernetes"
    module.mkdir(exist_ok=True)
    name = f"{_KUBERNETES}@v{version}"
    found = json.loads(_go(["mod", "download", "-json", name], module))
    text = Path(found["GoMod"]).read_text(encoding="utf-8")
    staged = re.findall(r"^\s*(k8s\.io/\S+) => \./staging", text, re.MULTILINE)
    language = re.search(r"^go (\S+)", text, re.MULTILINE)
    lines = [
        "module apiserver",
        f"go {language[1] if language else '1.24'}",
        f"require {_KUBERNETES} v{version}",
        *(f"replace {one} => {one} v0.{version.split('.', 1)[1]}" for one in staged),
    ]
    (module / "go.mod").write_text("\n".join(lines) + "\n", encoding="utf-8")
    source = f'package apiserver\n\nimport _ "{_KUBERNETES}/cmd/kube-apiserver/app"\n'
    (module / "apiserver.go").write_text(source, encoding="utf-8")
    target = ["-o", str((folder / "kube-apiserver").resolve()), f"{_KUBERNETES}/cmd/kube-apiserver"]
    _go(["build", "-mod=mod", *target], module)


def _required(checkout: Path, module: str) -> str:
    text = (checkout / "go.mod").read_text(encoding="utf-8")
    found = re.search(rf"^\s*{re.escape(module)} (v\S+)", text, re.MULTILINE)
    assert found is not None, f"go.mod requires {module}"
    return found[1]


def _commit(checkout: Path) -> str:
    line = ["git", "-C", str(checkout), "log", "-1", "--format=%h of %cs"]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout.strip()


def _go(arguments: Sequence[str], folder: Path) -> str:
    done = subprocess.run(
        ["go", *arguments], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout
