"""Has Cloud Build do what cloudbuild.yaml says, with exactly the files of the commit."""

from __future__ import annotations

import tempfile
from pathlib import Path

import commands


def main() -> None:
    """Sends the commit, and waits until its build has ended."""
    substitutions = {
        "_BUILDER": commands.setting("BUILD_SERVICE_ACCOUNT"),
        "_COMMIT": commands.setting("GITHUB_SHA"),
        "_IMAGE": commands.setting("IMAGE"),
        "_TAG": commands.setting("TAG"),
    }
    with tempfile.TemporaryDirectory() as folder:
        # Not the working tree: the login's file lies in it.
        source = str(Path(folder, "source.tgz"))
        commands.run(
            "git", "archive", "--format=tgz", f"--output={source}", substitutions["_COMMIT"]
        )
        commands.run(
            "gcloud",
            "builds",
            "submit",
            source,
            "--config=cloudbuild.yaml",
            f"--project={commands.setting('PROJECT')}",
            f"--region={commands.setting('REGION')}",
            f"--gcs-source-staging-dir=gs://{commands.setting('BUCKET')}/source",
            f"--substitutions={','.join(f'{key}={value}' for key, value in substitutions.items())}",
            # Its log is in Cloud Logging; reading along would need more rights.
            "--suppress-logs",
        )


if __name__ == "__main__":
    main()
