"""Writes what Terraform's providers know of the resources in deploy/terraform.

uv run --no-project --with cdktf-cdktf-provider-google==16.12.1 \\
    --with cdktf-cdktf-provider-github==15.3.1 python deploy/schemas/terraform_schema.py
"""

from __future__ import annotations

import json
import re
import tarfile
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("terraform.schema.json")
TERRAFORM = Path(__file__).parents[1] / "terraform"
_USED = re.compile(r'^(resource|data) "((google|github)_\w+)"', re.MULTILINE)
_FIELD = re.compile(r"^    readonly (\w+)(\??): (\{\n[^}]*\}|.+);$", re.MULTILINE)
_VALUE = re.compile(r"^    get (\w+)\(\)", re.MULTILINE)
_INTERFACE = re.compile(r"^export interface (\w+)[^{]*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_META = {"connection", "count", "dependsOn", "forEach", "lifecycle", "provider", "provisioners"}


def schema() -> dict[str, Any]:
    """By provider its version, and by resource its arguments, blocks and values."""
    used = {
        (kind, name)
        for path in TERRAFORM.rglob("*.tf")
        for kind, name, _ in _USED.findall(path.read_text(encoding="utf-8"))
    }
    found: dict[str, Any] = {}
    for provider in ("google", "github"):
        package = f"cdktf-cdktf-provider-{provider}"
        files = _declarations(package)
        version = next(
            match[1]
            for text in files.values()
            if (match := re.search(rf"/{provider}/([0-9.]+)/docs/", text))
        )
        found[provider] = {
            "version": version,
            "made from": f"{package} {distribution(package).version}, MPL-2.0",
            **{
                f"{kind} {name}": _resource(files[_folder(kind, name, provider)])
                for kind, name in sorted(used)
                if name.startswith(f"{provider}_")
            },
        }
    return found


def _declarations(package: str) -> dict[str, str]:
    """The package's TypeScript declarations, by the folder that they are in."""
    [archive] = [one for one in distribution(package).files or [] if one.name.endswith(".tgz")]
    with tarfile.open(Path(str(archive.locate()))) as tar:
        return {
            Path(one.name).parent.name: tar.extractfile(one).read().decode()  # type: ignore[union-attr]
            for one in tar
            if re.fullmatch(r"package/lib/[^/]+/index\.d\.ts", one.name)
        }


def _folder(kind: str, name: str, provider: str) -> str:
    short = name.removeprefix(f"{provider}_").replace("_", "-")
    return f"data-{provider}-{short}" if kind == "data" else short


def _resource(text: str) -> dict[str, Any]:
    interfaces = dict(_INTERFACE.findall(text))
    config = next(name for name in interfaces if name.endswith("Config"))
    [own] = re.findall(
        r"^export declare class \w+ extends cdktf\.Terraform(?:Resource|DataSource) \{\n(.*?)^\}",
        text, re.MULTILINE | re.DOTALL,
    )  # fmt: skip
    values = {_snake(name) for name in _VALUE.findall(own) if not name.endswith("Input")}
    return {**_block(interfaces, config), "values": sorted(values)}


def _block(interfaces: dict[str, str], name: str) -> dict[str, Any]:
    """The arguments, whether each is required, and the blocks within."""
    arguments, blocks = {}, {}
    for field, optional, kind in _FIELD.findall(interfaces[name]):
        inner = re.sub(r"\[\]| \| cdktf\.IResolvable", "", kind)
        if inner in interfaces:
            blocks[_snake(field)] = _block(interfaces, inner)
        elif field not in _META:
            arguments[_snake(field)] = "optional" if optional else "required"
    return {"arguments": arguments, "blocks": blocks}


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", lambda match: f"_{match[1].lower()}", name)


if __name__ == "__main__":
    FILE.write_text(json.dumps(schema(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
