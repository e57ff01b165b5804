# The project with its locked environment: docs/publishing-and-bi.md#docker.
# The version that all tests run on.
FROM python:3.11-slim-bookworm
RUN useradd --create-home --uid 1000 shop
WORKDIR /project
# Before the project's own files, so that a change of these installs nothing again. Nothing needs a compiler.
COPY requirements.lock ./
RUN python -m pip install --quiet --no-cache-dir --require-hashes --requirement requirements.lock
COPY .dbtignore dbt_project.yml profiles.yml selectors.yml ./
COPY adapter adapter
COPY macros macros
COPY models models
COPY python_models python_models
COPY seeds seeds
# dbt's tests of the data are among them.
COPY tests tests
# All that a build writes into; mount warehouse and published to keep them.
RUN mkdir warehouse published target logs && chown shop warehouse published target logs
ENV PYTHONPATH=/project/python_models:/project/adapter PYTHONUNBUFFERED=1
USER shop
# Python heeds it from the first moment on, also as the first process, which is not ended by what it doesn't heed.
STOPSIGNAL SIGINT
# Nothing is built with the image: the shop's own log is not there yet. Settings follow as one text, as for `make build`.
ENTRYPOINT ["python", "-m", "shop_toolkit.build"]
