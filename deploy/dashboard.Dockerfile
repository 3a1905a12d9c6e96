# The dashboard, for several people: behind something that asks for a login (deploy/dashboard/cloud-run.sh,
# deploy/kubernetes/dashboard.yaml), as it has none of its own.
#   docker build -f deploy/dashboard.Dockerfile -t dashboard .
# It has the pipeline's packages for the sake of the buckets' clients, in the versions of the lock.

FROM ghcr.io/astral-sh/uv:0.12.19@sha256:04d046b13e60d6bcec73cbc5e1cad25d680dea90c8573340950a0ac2d1aef424 AS uv

FROM python:3.12.14-slim-trixie@sha256:f77ac9e44ae96ef2c90b8053ea08c31f8be030f824196b0ae4db6d462c84e51f AS base

FROM base AS packages
COPY --from=uv /uv /usr/local/bin/uv
# pyfarmhash, which TensorFlow Data Validation needs, has no wheel. This stage alone has a compiler.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends g++ \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/dashboard
# These two files alone, so that changed code installs nothing again.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv \
    UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never \
    uv sync --locked --no-default-groups --group pipeline --group dashboard \
    --python /usr/local/bin/python3

FROM base
RUN useradd --create-home --uid 1000 dashboard
COPY --from=packages /opt/dashboard/.venv /opt/dashboard/.venv
COPY dashboard /opt/dashboard/dashboard
ENV PATH=/opt/dashboard/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1
USER 1000
WORKDIR /opt/dashboard
EXPOSE 8050
# A package that is missing or does not load fails the build, not the server.
RUN python -c "import dashboard.web.serve, google.cloud.storage, s3fs"
ENTRYPOINT ["python", "-m", "dashboard", "--no-open"]
CMD ["--runs", "/runs"]
