# An image that answers with exported files: Headstart without what training needs.
#
#   docker build --tag headstart-serve .
#   docker run --rm --read-only --publish 127.0.0.1:8000:8000 --volume "$PWD/artifact:/artifact:ro" headstart-serve

FROM python:3.12-slim-bookworm AS build
WORKDIR /build
COPY pyproject.toml LICENSE ./
COPY docs/package-index.md ./docs/
COPY src ./src
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /app
COPY requirements-serve.lock ./
RUN pip install --no-cache-dir --require-hashes --no-deps --requirement requirements-serve.lock
COPY --from=build /wheels /wheels
# Without dependencies: TensorFlow is one, and nothing here would use it.
RUN pip install --no-cache-dir --no-deps /wheels/*.whl \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin headstart
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
STOPSIGNAL SIGTERM
# All addresses of the container: who reaches it is decided by --publish. A key comes as HEADSTART_SERVE_KEY.
ENTRYPOINT ["headstart", "serve"]
CMD ["/artifact", "--host", "0.0.0.0", "--port", "8000"]
