"""What dbt asks of the input: its settings, and the SQL of the project's macros that reads dates and numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shop_toolkit.ingest.money import Readers
from shop_toolkit.ingest.relation import Formats
from shop_toolkit.ingest.returns import Returns

DAY_SETTINGS = ("as_of_date", "baseline_date")


@dataclass(frozen=True)
class Request:
    """What dbt asks for.

    Attributes:
        settings: The settings of this run, by name.
        readers: For each known way to write a date, SQL that reads `date_text` as a timestamp.
        number_readers: For the decimal separators '.' and ',', SQL that reads `number_text` with it.
        currency_reader: SQL that yields the code of the currency in `number_text`, an empty text where there is none.
        plausible_days: CTEs over `days_of_input`, of which the last has the first and the last day that are plausible.
        is_full_refresh: Whether dbt runs with --full-refresh.
        is_refresh: Whether the run fits nothing and reads new rows by the stored rules.
        today: The latest day that has begun anywhere, as YYYY-MM-DD.
        numbers_rows: Whether each row needs its place in the input, as the engine that gets them keeps no order.
        schema: Where the source's views and the state of the pipeline are.
        rows: The table of the rows that earlier builds read.
        orders: The table of their orders; not the mart `orders`, which is a view.
        given: The names of the settings that the command line gives.
    """

    settings: Mapping[str, Any]
    readers: Mapping[str, str]
    number_readers: Mapping[str, str]
    currency_reader: str
    plausible_days: str
    is_full_refresh: bool
    is_refresh: bool
    today: str
    numbers_rows: bool = False
    schema: str = "sources"
    rows: str = "staging.base_transactions"
    orders: str = "core.int_orders"
    given: Sequence[str] = ()

    @property
    def transactions(self) -> str:
        """The file, glob or table that is the input."""
        return str(self.settings["transactions"]).strip()

    @property
    def column_mapping(self) -> Mapping[str, Any]:
        """The setting of that name: our columns to headings."""
        mapping: Mapping[str, Any] = self.settings["column_mapping"]
        return mapping

    @property
    def days(self) -> dict[str, str]:
        """The day settings that are set, as YYYY-MM-DD."""
        return {name: str(self.settings[name]) for name in DAY_SETTINGS if self.settings.get(name) is not None}

    @property
    def returns(self) -> Returns:
        """How rows that give back are marked, as far as settings say."""
        prefixes = [str(prefix).upper() for prefix in self.settings["refund_invoice_prefixes"] or []]
        return Returns(str(self.settings["cancellation_invoice_prefix"]), prefixes)

    def money_readers(self, formats: Formats) -> Readers:
        """How numbers that are written so become money."""
        separator = formats.decimal_separator or "."
        return Readers(self.number_readers[separator], self.currency_reader, separator)
