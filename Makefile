# `make build` and `make test` set up the virtual environment by themselves.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
# The shell reads VARS, EVERY, SHOP, PORT and MARTS as variables of its own, so that quotes and semicolons in it stay as they are.
export VARS EVERY SHOP PORT

.PHONY: install build inspect refresh watch explore superset new spark cluster-up cluster-down test soak coverage lint benchmark lock clean

install: $(VENV)/installed

# dbt build on the embedded shop, a line per stage; on your own with: make build VARS='{transactions: path/to/log.csv}'
build: $(VENV)/installed
	PYTHONPATH=python_models $(BIN)/python -m shop_toolkit.build "$$VARS"

# How a build would read the input, and why, before anything is built; VARS as for `make build`.
inspect: $(VENV)/installed
	@PYTHONPATH=python_models $(BIN)/python -m shop_toolkit.ingest.inspect_input "$$VARS"

# Between two builds: lines, segments, moves and alerts, without a fit. To write down the whole project would take a tenth of it.
refresh: $(VENV)/installed
	$(BIN)/dbt --no-write-json build --selector refresh $${VARS:+--vars "$$VARS"}

# A refresh whenever the input changes, until Ctrl-C; EVERY=10 looks every ten seconds instead of each second.
watch: $(VENV)/installed
	PYTHONPATH=python_models $(BIN)/python -m shop_toolkit.watch $${EVERY:+--seconds "$$EVERY"} "$$VARS"

# The published marts as pages that one can filter and ask in SQL, on this machine only, until Ctrl-C; PORT=8002 listens elsewhere.
explore: $(VENV)/installed
	PYTHONPATH=python_models $(BIN)/python -m shop_toolkit.explore "$$VARS"

# Three dashboards on the published marts as a file that Superset imports; MARTS=published_mine/marts.duckdb names other ones.
export MARTS ?= published/marts.duckdb
superset: $(VENV)/installed
	$(BIN)/python -m dashboards.superset.bundle "$$MARTS" target/superset.zip

# A small dbt project of your own that uses this one as a package: make new SHOP=../my_shop
new: $(VENV)/installed
	PYTHONPATH=python_models $(BIN)/python -m shop_toolkit.new_project "$$SHOP"

# Apache Spark itself, 450 MB, for SHOP_SPARK=local[2] and for a cluster; it needs Java 17 or 21.
spark: .spark/installed

# A cluster of Apache Spark on this machine, at SHOP_SPARK=sc://127.0.0.1:15002, until `make cluster-down` (docs/cluster.md).
# CLUSTER='--workers 3 --memory 4g' starts another one.
cluster-up: $(VENV)/installed .spark/installed
	PYTHONPATH=adapter $(BIN)/python -m dbt.adapters.sparkconnect.cluster up $(CLUSTER)

cluster-down: $(VENV)/installed
	PYTHONPATH=adapter $(BIN)/python -m dbt.adapters.sparkconnect.cluster down

test: $(VENV)/installed
	$(BIN)/python -m pytest

# What is long by nature: the real file piece by piece and in another order, a thousand random orders of arrival, three hundred
# damaged files, builds that are killed anywhere, and two hundred refreshes in a row; on a cluster of Spark, too, after `make spark`.
soak: $(VENV)/installed
	$(BIN)/python -m pytest -m soak

# Which statements of python_models/shop_toolkit the tests run, as pure functions or in a dbt of the same process; fails below 95 %.
coverage: $(VENV)/installed
	$(BIN)/python -m pytest --cov

lint: $(VENV)/installed
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pre-commit run --all-files

benchmark: $(VENV)/installed
	$(BIN)/python -m benchmarks.ground_floor

# Needs uv. No index address and no annotation, so that the lock names no host; with extras, which pip asks for by name.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--no-strip-extras --generate-hashes --no-annotate --no-header --output-file requirements.lock
	echo 'pyspark>=4.1.3,<4.2' | uv pip compile - --no-deps --generate-hashes --no-annotate --no-header \
		--output-file spark.lock

clean:
	rm -rf $(VENV) target logs

# The last line makes the adapter of the target `spark` importable, as an installed package is.
$(VENV)/installed: requirements.lock
	@echo 'Installing the locked packages into $(VENV): about a minute.'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	echo '$(CURDIR)/adapter' > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/customer_segmentation.pth"
	touch $@

# Beside `pyspark-client` of the environment, which has the same modules and no Java.
.spark/installed: spark.lock | $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --upgrade \
		--target .spark --requirement spark.lock
	touch $@
