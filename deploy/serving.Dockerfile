# The embedded model server, which is also the router in front of TensorFlow Serving.
#   docker build -f deploy/serving.Dockerfile -t model-server .
# It holds no model: mount the serving folder at /models.

FROM ghcr.io/astral-sh/uv:0.12.19@sha256:04d046b13e60d6bcec73cbc5e1cad25d680dea90c8573340950a0ac2d1aef424 AS uv

FROM python:3.12.14-slim-trixie@sha256:f77ac9e44ae96ef2c90b8053ea08c31f8be030f824196b0ae4db6d462c84e51f AS base

FROM base AS packages
COPY --from=uv /uv /usr/local/bin/uv
WORKDIR /opt/serving
# These two files alone, so that changed code installs nothing again.
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv \
    UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never \
    uv sync --locked --only-group serving --python /usr/local/bin/python3

FROM base
RUN useradd --create-home --uid 1000 serving
COPY --from=packages /opt/serving/.venv /opt/serving/.venv
COPY serving /opt/serving/serving
ENV PATH=/opt/serving/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1
USER 1000
WORKDIR /opt/serving
EXPOSE 8500 8501
HEALTHCHECK --start-period=60s --interval=10s --timeout=5s CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/readyz', timeout=4)"]
# A package that is missing or does not load fails the build, not the server.
RUN python -c "import serving.server, serving.batch.job, serving.request_log.export"
ENTRYPOINT ["python", "-m", "serving"]
CMD ["up", "--models", "/models", "--host", "0.0.0.0"]
