"""A dbt adapter that runs a project written for DuckDB on an engine that speaks Spark Connect.

It is dbt-duckdb's with another place for the tables: each statement is translated once and run by the engine. A DuckDB
in memory stays beside it, on the driver: it runs the functions of the profile's plugins and the Python models.
"""

from dbt.adapters.base import AdapterPlugin
from dbt.adapters.sparkconnect.credentials import Credentials
from dbt.include import sparkconnect
from dbt_common.exceptions import DbtRuntimeError

try:
    from dbt.adapters.sparkconnect.impl import SparkConnectAdapter
except ImportError as error:
    raise DbtRuntimeError(
        f"This target needs the packages of the extra 'spark' ({error.name} is missing): run 'pip install -r"
        " requirements.lock'."
    ) from None

Plugin = AdapterPlugin(
    adapter=SparkConnectAdapter,
    credentials=Credentials,
    include_path=sparkconnect.PACKAGE_PATH,
    dependencies=["duckdb"],
)
