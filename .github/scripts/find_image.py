"""Says whether the registry has the image that the commit needs."""

from __future__ import annotations

import commands


def main() -> None:
    """Sets the output `exists`; only a registry that says no means no."""
    image = f"{commands.setting('IMAGE')}:{commands.setting('TAG')}"
    project = f"--project={commands.setting('PROJECT')}"
    done = commands.attempt(
        "gcloud", "artifacts", "docker", "images", "describe", image, project, "--format=json"
    )
    missing = any(words in done.stderr.lower() for words in ("not_found", "not found"))
    if done.returncode and not missing:
        commands.fail(f"The registry does not say whether it has {image}.")
    exists = done.returncode == 0
    if not exists and commands.setting("CLASS") == "modules":
        print(f"::notice::{image} is not in the registry, so the image is built.")
    commands.output("exists", "true" if exists else "false")


if __name__ == "__main__":
    main()
