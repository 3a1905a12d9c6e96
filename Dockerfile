# The pipeline's image: what every task of a compiled pipeline runs in. It holds no model: each task
# fetches its model's code as a bundle (docs/kubeflow.md). Its tag is a hash over this file and all
# that it copies: python -m pipeline image-tag

FROM ghcr.io/astral-sh/uv:0.12.19@sha256:04d046b13e60d6bcec73cbc5e1cad25d680dea90c8573340950a0ac2d1aef424 AS uv

FROM python:3.12.14-slim-trixie@sha256:f77ac9e44ae96ef2c90b8053ea08c31f8be030f824196b0ae4db6d462c84e51f AS base

FROM base AS packages
COPY --from=uv /uv /usr/local/bin/uv
# pyfarmhash, which TensorFlow Data Validation needs, has no wheel. This stage alone has a compiler.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends g++ \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/pipeline
# These two files alone, so that changed code installs nothing again.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv \
    UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never \
    uv sync --locked --no-default-groups --group pipeline --python /usr/local/bin/python3

FROM base
RUN useradd --create-home --uid 1000 pipeline
COPY --from=packages /opt/pipeline/.venv /opt/pipeline/.venv
# Read-only to the tasks; `models` is what runs until a bundle's takes its place.
COPY models/__init__.py /opt/pipeline/models/__init__.py
COPY models/common/__init__.py models/common/errors.py /opt/pipeline/models/common/
COPY components /opt/pipeline/components
COPY pipeline /opt/pipeline/pipeline
ENV PATH=/opt/pipeline/.venv/bin:$PATH \
    PYTHONPATH=/opt/pipeline \
    PYTHONUNBUFFERED=1
USER 1000
# Not the folder with the code: Python looks into it first, and a bundle's `models` must win.
WORKDIR /home/pipeline
# A package that is missing or does not load fails the build, not a task.
RUN python -m pipeline.cloud.container --help > /dev/null
ENTRYPOINT ["python", "-m", "pipeline.cloud.container"]
