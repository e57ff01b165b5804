"""Lines that are there several times by a column which is not read: documents, changes of a table, and parcels."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from shop_toolkit.errors import shortened
from shop_toolkit.ingest.exports import comparable
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.headings import in_quotes, mapping_example
from shop_toolkit.ingest.money import Readers, amount_of
from shop_toolkit.ingest.relation import InputRelation, lower_text
from shop_toolkit.ingest.seeds import rows_of_seed
from shop_toolkit.quoting import quote_list

# So many rows show what a log is like, whatever it holds: documents and parcels of a sale are near each other.
SAMPLED_ROWS = 100_000
# So many of what could show it have to agree, and such a share of them.
LEAST = 5
LEAST_LINES = 10
PROVEN_SHARE = 0.9

# What a sale is written on, in the order in which it is: the last of them is the sale.
STAGES = (
    "quot|offer|angebot|devis|presupuesto|cotizaci|preventiv|orçament|ofert|pro ?forma",
    "order|auftrag|bestell|command|pedido|ordin|encomenda|zamówi|заказ",
    "deliver|shipment|dispatch|despatch|liefer|livraison|albar|entreg|consegn|bolla|wydani|отгруз|накладн",
    "invoice|rechnung|factur|fattur|fatur|faktur|счет|счёт|реализац",
)
# What was done with a row of a table, where a log lists its changes.
OPERATIONS = {
    "op", "operation", "cdcop", "cdcoperation", "optype", "operationtype", "changetype", "changeoperation", "dml",
    "dmltype", "dmloperation", "rowop", "rowoperation",
}  # fmt: skip
INSERTED = {"i", "ins", "insert", "inserted", "create", "created"}
CHANGED = {"u", "upd", "update", "updated", "update_postimage", "d", "del", "delete", "deleted"}
# A column of C and D is one of credits and debits.
OTHER_OPERATIONS = {"c", "r", "read", "snapshot", "update_preimage"}
# Units of a parcel, where an order has several.
SHIPPED_UNITS = {
    name
    for word in ("shipped", "ship", "delivered", "fulfilled", "dispatched", "sent", "picked", "packed")
    for unit in ("quantity", "qty", "units")
    for name in (word + unit, unit + word)
} | {"liefermenge", "geliefertemenge", "quantitélivrée", "cantidadenviada", "aantalgeleverd"}


def repeated_findings(
    connection: duckdb.DuckDBPyConnection,
    part: InputRelation,
    texts: Mapping[str, Sequence[str]],
    column_mapping: Mapping[str, Any],
    readers: Readers,
) -> list[Finding]:
    """Warnings of lines that are there several times. Rows are read only where headings and words are such.

    Args:
        connection: Where the relation can be read.
        part: The rows, with their money as it is read.
        texts: All texts of unread columns that have few, in lower case, by heading.
        column_mapping: The setting of that name, for an example.
        readers: How texts become numbers.
    """
    findings = []
    for heading, words in texts.items():
        if heading not in part.others:
            continue
        if comparable(heading) in OPERATIONS:
            findings += _changes(connection, part, heading, words, readers)
        findings += _documents(connection, part, heading, part.others[heading], words, readers)
    if "transaction_type" in part.columns:
        sql = part.columns["transaction_type"]
        ((words,),) = connection.execute(
            f"select list(distinct {lower_text(sql)}) from (select * from {part.sql} limit {SAMPLED_ROWS})"
        ).fetchall()
        ignored = {row["transaction_type"] for row in rows_of_seed("transaction_types") if row["counts_as"] != "sale"}
        counted = [word for word in words or [] if word and word not in ignored]
        findings += _documents(connection, part, part.headings["transaction_type"], sql, counted, readers)
    for heading in part.others:
        if comparable(heading) in SHIPPED_UNITS:
            findings += _parcels(connection, part, heading, column_mapping, readers)
    return findings


def _documents(
    connection: duckdb.DuckDBPyConnection,
    part: InputRelation,
    heading: str,
    sql: str,
    words: Sequence[str],
    readers: Readers,
) -> list[Finding]:
    """A warning of a column by whose words the same lines are ordered, delivered and invoiced, each once.

    Two words that happen to be of like lines, such as two tills, seldom have the same ones. Lines that a
    word has several times are standing orders, of which each word has some. Documents of one number are seen in the
    orders.
    """
    stages = {word: stage for word in words if (stage := _stage(word)) is not None}
    if len(set(stages.values())) < 2:
        return []
    columns = ("customer_id", "product_id", "product_description", "quantity", "unit_price", "amount")
    # Where there are no numbers, each row has another.
    number = f"cast({part.columns.get('invoice_id', 'uuid()')} as varchar)"
    line = ", ".join(f"cast({part.columns[name]} as varchar)" for name in columns if name in part.columns)
    pairs = connection.execute(
        f"""
        with lines as (
            select {lower_text(sql)} as word, concat_ws('|', {line}) as line, min({number}) as number
            from (select * from {part.sql} limit {SAMPLED_ROWS})
            where {_is_one_of(sorted(stages), sql)}
            group by 1, 2
            having count(*) = 1
        ),
        words as (select word, count(*) as line_count from lines group by word)
        select lines.word, others.word
        from lines
        inner join lines as others on lines.line = others.line and lines.word <> others.word
        inner join words on lines.word = words.word
        inner join words as other_words on others.word = other_words.word
        group by all
        having
            count(*) filter (where lines.number <> others.number)
            >= greatest({LEAST_LINES}, {PROVEN_SHARE} * any_value(least(words.line_count, other_words.line_count)))
        """
    ).fetchall()
    proven = {word for word, other in pairs if stages[word] != stages[other]}
    if not proven:
        return []
    last = max(proven, key=lambda word: (stages[word], word))
    others = sorted(stages.keys() - {last}, key=lambda word: (stages[word], word))
    ((rows, amount),) = connection.execute(
        f"select count(*), cast(sum({amount_of(part, readers)}) as varchar) from {part.sql}"
        f" where {_is_one_of(others, sql)}"
    ).fetchall()
    return [Finding(
        "repeated_orders", "transaction_type", int(rows), f"{heading}: {', '.join([*others, last])}",
        f"By '{shortened(heading, 60)}' the same lines stand there as several documents of one sale, and each counts."
        " Export one kind alone; or name this column as transaction_type in column_mapping, and have the other kinds"
        " ignored in seeds/transaction_types.csv.",
        amount=amount,
    )]  # fmt: skip


def _changes(
    connection: duckdb.DuckDBPyConnection, part: InputRelation, heading: str, words: Sequence[str], readers: Readers
) -> list[Finding]:
    """A warning of a log that lists what was done with the rows of a table: inserted, updated, deleted."""
    changed = CHANGED.intersection(words)
    is_listing = changed and (INSERTED.intersection(words) or changed - {"d"})
    if not is_listing or not {*INSERTED, *CHANGED, *OTHER_OPERATIONS}.issuperset(words):
        return []
    if "invoice_id" not in part.columns:
        return []
    ((rows, known, amount),) = connection.execute(
        f"""
        with changes as (
            select
                trim(cast({part.columns["invoice_id"]} as varchar)) as invoice_id,
                coalesce({_is_one_of(sorted(changed), part.others[heading])}, false) as is_changed,
                {amount_of(part, readers)} as amount
            from {part.sql}
        )
        select count(*), count(inserted.invoice_id), cast(sum(changes.amount) as varchar)
        from changes
        left join (select distinct invoice_id from changes where not is_changed) as inserted
            on changes.invoice_id = inserted.invoice_id
        where changes.is_changed
        """
    ).fetchall()
    if known < PROVEN_SHARE * rows:
        return []
    return [Finding(
        "earlier_versions", "invoice_id", int(rows), f"{heading}: {', '.join(sorted(words))}",
        f"By '{shortened(heading, 60)}' the log has later versions of these orders, which count, too. Export the last"
        " version of each order alone.",
        amount=amount,
    )]  # fmt: skip


def _parcels(
    connection: duckdb.DuckDBPyConnection,
    part: InputRelation,
    heading: str,
    column_mapping: Mapping[str, Any],
    readers: Readers,
) -> list[Finding]:
    """A warning of lines with a row for each parcel, where another column has the units of it."""
    product = part.columns.get("product_id", part.columns.get("product_description"))
    if product is None or not {"invoice_id", "quantity", "customer_id"} <= part.columns.keys():
        return []
    texts = ", ".join(f"cast({sql} as varchar)" for sql in (part.columns["customer_id"], part.columns["invoice_id"]))
    for source in (f"(select * from {part.sql} limit {SAMPLED_ROWS})", part.sql):
        ((lines, proven, rows, amount),) = connection.execute(
            f"""
            with rows_of_parcels as (
                select
                    concat_ws('|', {texts}, cast({product} as varchar)) as line,
                    {readers.value(part.columns["quantity"])} as units,
                    {readers.value(part.others[heading])} as shipped_units,
                    {amount_of(part, readers)} as amount
                from {source}
            ),
            lines as (
                select
                    count(*) as row_count,
                    max(amount) as amount,
                    min(units) = max(units) and sum(shipped_units) = max(units) as is_of_parcels
                from rows_of_parcels
                group by line
                having count(*) > 1
            )
            select
                count(*),
                count(*) filter (where is_of_parcels),
                sum(row_count - 1) filter (where is_of_parcels),
                cast(cast(sum((row_count - 1) * amount) filter (where is_of_parcels) as decimal(18, 2)) as varchar)
            from lines
            """
        ).fetchall()
        if proven < max(LEAST, PROVEN_SHARE * lines):
            return []
    mapping = mapping_example(column_mapping, in_quotes({"quantity": heading}))
    used = shortened(part.headings["quantity"], 60)
    return [Finding(
        "repeated_orders", "quantity", int(rows), f"{heading}, {used}",
        f"Each parcel is a row, and counts the whole '{used}' of its line: '{shortened(heading, 60)}' adds up to it."
        f" Read that one with --vars '{mapping}'.",
        amount=amount,
    )]  # fmt: skip


def _stage(word: str) -> int | None:
    """Which of the stages a document is of; None for any other word."""
    found = [stage for stage, stems in enumerate(STAGES) if re.search(stems, word)]
    return None if not found else 0 if found[0] == 0 else found[-1]


def _is_one_of(words: Sequence[str], sql: str) -> str:
    return f"list_contains({quote_list(words)}, {lower_text(sql)})"
