"""The rows of the input as SQL, under our column names."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb

from shop_toolkit.ingest.headings import COLUMN_ALIASES
from shop_toolkit.quoting import quote_list as quote_list
from shop_toolkit.quoting import quote_name as quote_name
from shop_toolkit.quoting import quote_text as quote_text

NUMBER_COLUMNS = ("unit_price", "amount", "quantity")
# Types that staging reads without a trip through text, and that any later build can turn into the same text.
KEPT_DATES = ("DATE", "TIMESTAMP")
KEPT_NUMBERS = re.compile(r"(TINY|SMALL|BIG|U?)INT(EGER)?|DOUBLE|DECIMAL\([0-9]+,[0-9]+\)")


@dataclass(frozen=True)
class Formats:
    """How dates and numbers are written; None where nothing shows it yet."""

    date_format: str | None
    decimal_separator: str | None


NOTHING_KNOWN = Formats(None, None)


@dataclass(frozen=True)
class InputRelation:
    """The input, or some files of it, as parts of a query.

    Attributes:
        name: How sentences call it.
        sql: An expression for a from clause.
        columns: Our column to SQL that yields its text; only columns that the input has.
        others: Heading to SQL, of the columns that are none of ours.
        file_name: SQL that yields the file (or the table) of a row.
        surplus: SQL that is not null where a row has more fields than there are headings.
        swallowed: SQL that counts the rows that an unclosed quote made part of a field.
        headings: Our column to its heading.
        other_columns: SQL that yields the columns that are none of ours as JSON, where rows differ in them.
        parts: The relations of which it is made, where files differ in their form.
        export: What the export is called whose headings these are; None for any other input.
        continues: SQL that is true where a row is a further line of the order above it.
        undated: SQL that is true where a row is a line without a date, which is of the order above it if it names that.
        used: Headings of `others` that decide about columns of ours.
        dates: A table of the texts of its dates, in which each is read already (see `read_dates`); None where there is
            none.
        has_types: Whether columns may be of other types than text.
        position: SQL that yields the place of a row among all, from 1 on; None where only reading them in order does.
        typed_numbers: Our column of numbers to SQL that yields its numbers with a type as texts with a point, where the
            column has the texts alone.
    """

    name: str
    sql: str
    columns: Mapping[str, str]
    others: Mapping[str, str]
    file_name: str
    surplus: str = "null"
    swallowed: str = "0"
    headings: Mapping[str, str] = field(default_factory=dict)
    other_columns: str | None = None
    parts: Sequence["InputRelation"] = ()
    export: str | None = None
    continues: str = "false"
    undated: str = "false"
    used: Sequence[str] = ()
    dates: str | None = None
    has_types: bool = False
    position: str | None = None
    typed_numbers: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_continued_orders(self) -> bool:
        """Whether lines may leave blank what the first line of their order holds."""
        continues = (self.continues, self.undated)
        return any(sql != "false" for sql in continues) or any(part.has_continued_orders for part in self.parts)

    @property
    def unused(self) -> list[str]:
        """Headings that change nothing."""
        return [heading for heading in self.others if heading not in self.used]

    def select(
        self,
        decimal_separator: str | None = None,
        *,
        more: Mapping[str, str] | None = None,
        hides_typed_numbers: bool = False,
        typed: Collection[str] = (),
    ) -> str:
        """A query of all rows: our columns as text, null where the input lacks them, then what else a row holds.

        Args:
            decimal_separator: How texts write decimals. Typed numbers become texts that are written so too.
            more: Names of further columns and their SQL, which are also read as text.
            hides_typed_numbers: Whether typed numbers are null: they show nothing of how texts write theirs.
            typed: Columns that stay of the type that they have.
        """
        if self.parts:
            return " union all ".join(part.select(decimal_separator) for part in self.parts)
        texts = [
            f"{self.columns[column]} as {column}"
            if column in typed
            else f"{self._text(column, decimal_separator, hides_typed_numbers)} as {column}"
            for column in COLUMN_ALIASES
        ]
        fields = ", ".join(f"{quote_text(heading)}, cast({sql} as varchar)" for heading, sql in self.others.items())
        other_columns = self.other_columns or (f"json_object({fields})" if fields else "null")
        return (
            ",\n    ".join(
                [
                    "select\n    " + texts[0],
                    *texts[1:],
                    f"cast({self.surplus} as varchar) as surplus_field",
                    f"cast({self.swallowed} as bigint) as swallowed_rows",
                    f"cast({self.continues} or {self.undated} as boolean) as continues_order",
                    f"cast({other_columns} as varchar) as other_columns",
                    f"cast({self.file_name} as varchar) as file_name",
                    f"cast({self.position or 'null'} as bigint) as input_position",
                    *(f"cast({sql} as varchar) as {name}" for name, sql in (more or {}).items()),
                ]
            )
            + f"\nfrom {self.sql}"
        )

    def kept_types(self, connection: duckdb.DuckDBPyConnection, formats: Formats) -> dict[str, str]:
        """Our columns of dates and numbers that need no trip through text, and their types.

        Args:
            connection: Where the relation can be read.
            formats: How texts are written. Where it is in another way than typed values, these are read as texts, too.
        """
        wanted = ["ordered_at"] if formats.date_format in {None, "year-month-day"} else []
        wanted += NUMBER_COLUMNS if formats.decimal_separator != "," else ()
        columns = {column: self.columns[column] for column in wanted if column in self.columns}
        if self.parts or not self.has_types or not columns:
            return {}
        selected = ", ".join(f"{sql} as {column}" for column, sql in columns.items())
        described = connection.execute(f"describe select {selected} from {self.sql}").fetchall()
        return {
            column: kind
            for column, kind, *_ in described
            if (kind in KEPT_DATES if column == "ordered_at" else KEPT_NUMBERS.fullmatch(kind))
        }

    def kept(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: str,
        columns: Sequence[str],
        others: Sequence[str] = (),
    ) -> "InputRelation":
        """Some of the columns, typed as they are, in a temporary table: to parse a text file is what takes time.

        Args:
            connection: Where the relation can be read.
            table: The name of the table.
            columns: Those of ours to keep; the input may lack some.
            others: Headings of those to keep that are none of ours.
        """
        sql_of = {column: self.columns[column] for column in columns if column in self.columns}
        name_of = {heading: f"other_{place}" for place, heading in enumerate(others)}
        typed = {column: f"typed_{column}" for column in sql_of if column in self.typed_numbers}
        has_continued, has_undated = self.continues != "false", self.undated != "false"
        has_surplus = self.surplus != "null"
        selected = [
            f"{self.file_name} as file_name",
            *([f"nullif({self.surplus} is not null, false) as has_surplus"] if has_surplus else []),
            *(f"{self.typed_numbers[column]} as {name}" for column, name in typed.items()),
            *(f"{sql} as {name}" for name, sql in sql_of.items()),
            *(f"{self.others[heading]} as {name}" for heading, name in name_of.items()),
            *([f"{self.continues} as continues_order"] if has_continued else []),
            *([f"{self.undated} as is_undated_line"] if has_undated else []),
        ]
        connection.execute(f"create or replace temp table {table} as select {', '.join(selected)} from {self.sql}")
        return InputRelation(
            self.name, table, {name: name for name in sql_of}, name_of, "file_name",
            surplus="has_surplus" if has_surplus else "null", headings=self.headings, export=self.export,
            continues="continues_order" if has_continued else "false",
            undated="is_undated_line" if has_undated else "false", typed_numbers=typed,
        )  # fmt: skip

    def with_typed_numbers(self, decimal_separator: str) -> "InputRelation":
        """The same rows, of which the columns of numbers have those with a type, too, as texts with this separator."""
        numbers = {
            column: f"coalesce({self.columns[column]}, replace({sql}, '.', {quote_text(decimal_separator)}))"
            for column, sql in self.typed_numbers.items()
        }
        return replace(self, columns={**self.columns, **numbers}, typed_numbers={})

    def typed_number(self, column: str) -> str:
        """SQL that yields a number as a text where it has a type, else null."""
        sql = self.columns.get(column, "null")
        return f"case when typeof({sql}) <> 'VARCHAR' then cast({sql} as varchar) end"

    def _text(self, column: str, decimal_separator: str | None, hides_typed_numbers: bool) -> str:
        sql = self.columns.get(column, "null")
        text = f"cast({sql} as varchar)"
        if column not in NUMBER_COLUMNS or sql == "null":
            return text
        if hides_typed_numbers:
            return f"case when typeof({sql}) = 'VARCHAR' then {text} end"
        return number_text(sql, decimal_separator)


def lower_text(sql: str) -> str:
    """SQL: a value as a text in lower case, without blanks around it."""
    return f"lower(trim(cast({sql} as varchar)))"


def number_text(sql: str, decimal_separator: str | None) -> str:
    """SQL: a number as a text with this separator. Texts have it already; typed numbers have a point."""
    text = f"cast({sql} as varchar)"
    if decimal_separator != ",":
        return text
    return f"case when typeof({sql}) = 'VARCHAR' then {text} else replace({text}, '.', ',') end"
