# The mock of any protocol: docker build -t assay . && docker run --rm -p 9001:9001 assay aitbc
# Other commands: docker run --rm --entrypoint assay assay test aitbc --url http://host:9001

FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/assay
COPY pyproject.toml README.md LICENSE ./
COPY assay assay
COPY schemas schemas
COPY mockserver mockserver
COPY conformance conformance
COPY reports reports
RUN /opt/assay/bin/python -m pip install --no-cache-dir .

FROM python:3.13-slim
# A number, so that a cluster can see that it is not root; nothing here is written to.
USER 10001:10001
WORKDIR /work
ENV PATH=/opt/assay/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
COPY --from=build /opt/assay /opt/assay
# Outside of a container the mock listens to this machine alone; here that would be to nobody.
ENTRYPOINT ["assay", "mock", "--host", "0.0.0.0"]
CMD ["aitbc"]
