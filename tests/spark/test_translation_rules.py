"""Each rule of the translation to Spark's SQL, on a few rows: DuckDB and Sail return the same."""

import os

import duckdb
import pytest
from conftest import ROOT
from dbt_common.exceptions import DbtRuntimeError

if os.environ.get("SHOP_CI") is None:
    pytest.importorskip("pysail", reason="the extra 'spark' is not installed")

from dbt.adapters.sparkconnect.engine import Engine
from dbt.adapters.sparkconnect.rules import RULES
from dbt.adapters.sparkconnect.translation import translate
from second_engine import rows_of

# By the name of a rule, queries that are equal on both engines only with it.
CASES = {
    "a quotient is a double": [
        "select amount / quantity as price, quantity / 0 as nothing, amount / (quantity - 1) as rest from shop.lines",
        "select customer, sum(amount) / count(*) as mean from shop.lines group by 1",
    ],
    "a whole quotient is `div`": ["select quantity // 2 as half, -7 // 2 as negative from shop.lines"],
    "a mean is a double": [
        "select customer, avg(amount) as mean, avg(quantity) as units from shop.lines group by 1",
        "select avg(distinct cast(is_new as integer)) as mean from shop.lines",
    ],
    "a median of decimals is cut off at their last place": [
        "select median(amount) as middle, median(share) as share, median(quantity) as units from shop.lines",
        "select customer, median(amount) filter (where is_new) as middle from shop.lines group by 1",
    ],
    "a discrete quantile is an element of the sorted list": [
        "select quantile_disc(day, 0.7) as day, quantile_disc(amount, 0.5) as amount from shop.lines",
        "select customer, quantile_disc(amount, 0.99) filter (where quantity > 1) as high from shop.lines group by 1",
    ],
    "a continuous quantile": [
        "select quantile_cont(share, 0.05) as low, quantile_cont(amount / 2, 0.95) from shop.lines"
    ],
    "any value of a group is its least": [
        "select customer, any_value(moment) filter (where customer = 'b') as moment from shop.lines group by 1",
    ],
    "a logarithm is of base 10": [
        "select log(quantity) as magnitude, ln(quantity) as nature from shop.lines where quantity > 1"
    ],
    "numbers become whole by rounding": [
        "select cast(share as integer) as whole, cast(amount as bigint) as pounds from shop.lines",
    ],
    "a text of hexadecimal digits as a number": [
        "select cast('0x' || left(md5(customer), 8) as bigint) as draw from shop.lines",
        "select cast(concat('0x', substr(md5(customer), 3, 2)) as integer) as draw from shop.lines",
    ],
    "a number that is written out as a double": [
        "select cast(0.36363636363636365 as double) = cast('0.36363636363636365' as double) as is_positive,"
        " -0.36363636363636365::double = cast('-0.36363636363636365' as double) as is_negative,"
        " try_cast(1e-3 as double) as small, cast((-2) as double) as whole",
    ],
    "doubles become decimals by rounding their binary value": [
        "select cast(share as decimal(18, 2)), try_cast(share * 1.1 as decimal(18, 1)) from shop.lines",
        "select cast(cast(1.005 as double) as decimal(18, 2)), cast(cast(74.115 as double) as decimal(18, 2))",
    ],
    "numbers of 128 bits are decimals": ["select sum(cast(quantity as hugeint)) as units from shop.lines"],
    "the name of a type is DuckDB's": [
        "select case when typeof(share) = 'DOUBLE' and share > 1 then 1 when typeof(day) = 'VARCHAR' then 2"
        " when typeof(day) = 'DATE' then 3 end as number, case when typeof(word) = 'DATE' then 1 end as none,"
        " case when typeof(word) = 'DATE' or quantity > 1 then 1 else 2 end as either from shop.lines",
        "select typeof(word), typeof(amount), typeof(share), typeof(day), typeof(is_new) from shop.lines",
        "select typeof(cast(quantity as bigint)), typeof(cast(quantity as integer)), typeof(moment) from shop.lines",
    ],
    "days between two dates": [
        "select day - date '2024-01-01' as days, max(day) - min(day) as span from shop.lines group by day"
    ],
    "a date and a number of days": [
        "select day + quantity as later, day - 1 as earlier, 1 + day as next from shop.lines",
        "with ends as (select max(day) as last_day, min(day) as day from shop.lines)"
        " select day + cast(last_day - day as integer) from ends",
    ],
    "a date and an interval are a timestamp": [
        "select day + interval 1 month as later, interval 1 day + day as next, day - interval 1 day from shop.lines",
        "select cast(day + interval 1 month as date) as later from shop.lines",
        "select day + case when is_new then to_hours(quantity) else to_hours(0) end as later,"
        " to_seconds(quantity) + day as next, day - to_hours(quantity) as earlier from shop.lines",
    ],
    "the months between two days count how often one begins": [
        "select date_diff('month', day, date '2024-03-01'), date_diff('year', day, date '2024-03-01'),"
        " date_diff('quarter', moment, timestamp '2024-04-01 00:00:00'), date_diff('day', day, date '2024-03-01')"
        " from shop.lines",
    ],
    "seconds since 1970 have a fraction": [
        "select epoch(moment + interval '0.5' second), epoch(moment - interval '60' year) from shop.lines"
    ],
    "the number of a weekday": ["select day, isodow(day) as number from shop.lines"],
    "a series that ends before it begins is empty": [
        "select quantity, unnest(range(quantity)) as step from shop.lines",
        "select range(quantity), range(3, 3), generate_series(5, 1), range(1, quantity - 3) from shop.lines",
        "select unnest(generate_series(day, date '2024-03-01', interval 1 day)) as each_day from shop.lines",
    ],
    "a number of seconds or hours as an interval": [
        "select timestamp '2024-01-01 00:00:00' + to_seconds(quantity) from shop.lines",
        "select timestamp '2024-01-01 00:00:00' + to_hours(quantity) from shop.lines",
    ],
    "microseconds since 1970 as a timestamp": [
        "select make_timestamp(cast(quantity * 1000000 as bigint)) from shop.lines"
    ],
    "a date that is written in one of several formats": [
        "select written, try_strptime(written, ["
        "'%m/%d/%Y %H:%M', '%m/%d/%Y', '%m/%d/%Y %I:%M %p', '%Y%m%d', '#%Y-%b-%d %H:%M:%S.%f M', '%d.%m.%y'"
        "]) as moment from (values ('12/1/2024 11:53'), ('13/1/2024'), ('1/2/2024 12:05 AM'), ('1/2/2024 12:05 pm'),"
        " ('1/2/2024 3:05 PM'), ('1/2/2024 13:05 PM'), ('20240229'), ('20230229'), ('#2024-feb-3 10:20:30.5 M'),"
        " ('2024-01-02'), ('1/2/2024 24:00'), ('1.2.68'), ('1.2.69'), (null)) as texts (written)",
        "select written, try_strptime(written, '%Y%m%d') as plain,"
        " try_strptime('# ' || written, ['# %Y%m%d', '# %d.%m.%Y']) as marked"
        " from (values ('20240229'), ('2024112'), ('202411'), ('1.2.2024'), (null)) as texts (written)",
        # Formats of the same parts, of which one that finds no date is followed by another that does.
        "select written, try_strptime('# ' || written, ['# %m/%d/%Y %H:%M', '# %m/%d/%Y, %H:%M', '# %m.%d.%Y %H:%M',"
        " '# %d/%m/%Y %H:%M', '# %d-%b-%Y', '# %d/%b/%Y', '# %b %d %Y',"
        " '# %m/%d/%Y %I:%M %p', '# %m.%d.%Y %I:%M %p']) as moment"
        " from (values ('2/1/2024 10:05'), ('2/1/2024, 10:05'), ('2.1.2024 10:05'), ('2/1.2024 10:05'),"
        " ('13/1/2024 10:05'), ('13.1.2024 10:05'), ('5-Jun-2024'), ('5/jUN/2024'),"
        " ('Dec 31 2024'), ('5 06 2024'), ('5-Jun/2024'), ('2/1/2024 12:05 AM'), ('2.1.2024 1:05 pm'), ('epoch'),"
        " ('')) as texts (written)",
        # The first one that reads a text decides, whichever others are alike.
        "select written, try_strptime(written, ['%d/%m/%Y', '%m-%d-%Y', '%d-%m-%Y']) as moment,"
        " try_strptime(written, ['%-d.%-m.%Y', '%d.%m.%Y um %-H', '%d.%m.%Y %% %H', '%d%b%Y', '%d %b %Y']) as other"
        " from (values ('03-04-2024'), ('13-04-2024'), ('04-13-2024'), ('3/4/2024'), ('5.3.2024'), ('15.12.2024'),"
        " ('05.03.2024 um 7'), ('5.3.2024 % 11'), ('05Mar2024'), ('05 03 2024'), ('5 mar 2024')) as texts (written)",
    ],
    "a value that is looked at before it is used is computed once": [
        "select case when year(try_strptime(word, ['%Y', '%m/%Y', '%d.%m.%Y', '%m-%Y']))"
        " between 1970 and 2199 then try_strptime(word, ['%Y', '%m/%Y', '%d.%m.%Y', '%m-%Y'])"
        " end as moment from (values ('2024'), ('1969'), ('2200'), ('2/2024'), ('1.2.24'), ('tea')) as t (word)",
    ],
    "the last day of a month is a date": ["select last_day(day) as ends, last_day(moment) as too from shop.lines"],
    "texts joined, and null counts as none": [
        "select concat(word, ' ', quantity, ' ', amount, ' ', day) as words from shop.lines",
        "select concat_ws('|', customer, quantity, amount, day, is_new) as words from shop.lines",
    ],
    "lists joined, and null counts as none": [
        "select list_concat([quantity], case when is_new then [1] end), concat([1], case when is_new then [2] end),"
        " [1] || case when is_new then [2] end from shop.lines",
    ],
    "texts put together by ||": [
        "select word || ' ' || quantity as words, [quantity] || [1] as numbers from shop.lines"
    ],
    "a replacement in a text": [
        r"select regexp_replace(word, '([0-9]+)[.]([0-9]+)', '\2x\1', 'g') from shop.lines",
        "select regexp_replace(word, '^t', '$') from shop.lines",
        r"select regexp_replace(word, '^(t|c)', 'x'), regexp_replace(word, 'É|A$', '', 'gi'),"
        r" regexp_replace(word, '(?i)[A-Z]$|([0-9])[0-9]$', '\1'),"
        r" regexp_replace(word, '\w', '.', 'g') from shop.lines",
        "select translate(word, 'aeo', case quantity when 1 then '12' else '345' end) from shop.lines",
    ],
    "a pattern of ASCII": [
        r"select regexp_matches(word, '^\w+$'), regexp_matches('x' || chr(160), 'x[\s]'),"
        r" regexp_matches(word, 'T', 'i'),"
        r" regexp_extract(word, '(\D+)', 1), regexp_extract(word, '^(\w+)', 1), word ~ '\w+' from shop.lines",
        "select regexp_extract(word, '(T)', 1, 'i'), regexp_extract_all(word, '[[:digit:]]') from shop.lines",
    ],
    "a pattern in which a backslash is one": [
        r"select word like '\%', 'a\b' like 'a\_', 'a\b' like 'a\b', 'a%' like 'a!%' escape '!', 'A' ilike word || '\'"
        " from shop.lines",
    ],
    "texts of a group, in an order": [
        "select customer, string_agg(word, ', ' order by quantity desc) as words from shop.lines group by 1",
        "select string_agg(customer, '' order by amount) filter (where is_new) as words from shop.lines",
        # Nulls are none, also where there is nothing else; a text that falls.
        "select is_new, string_agg(word, ', ' order by quantity, amount desc) as words,"
        " string_agg(case when false then word end, ', ' order by quantity) as nothing,"
        " string_agg(word, '' order by word desc, quantity) as falling from shop.lines group by 1",
    ],
    "a text with values filled in": [
        "select format('{:,} units', quantity * 123456) from shop.lines",
        "select format('{} of {:.1f} and {:,.0f}, {:02d}: {:+.1f}', word, share, share * 1000, quantity, share)"
        " from shop.lines where share is not null and quantity is not null and word is not null",
        "select format('{} {}', amount, share), format('{:02d}', quantity) from shop.lines",
        "select format(concat('{} of {:.2f}: ', form, '; ', form, ' {}'), word, share, share, share, word) from"
        " (select *, case when is_new then '{:.1f}' else '{}' end as form from shop.lines where share is not null)",
        "select format('a ' || form || ' b', share * 2) from (select *, '{:.3f}' as form from shop.lines)",
        "select format('a ' || form || ' b', share) as part, format(form, share) as whole from"
        " (select *, case when is_new then '{:.1f}' end as form from shop.lines)",
        "select format(template, share, 2.5) from shop.lines"
        " cross join (values ('{:g} of {:g}'), ('{:.0f}, {:,.2f}')) as templates (template)"
        " where share between 0 and 3",
    ],
    "a text with values filled in as in C": ["select printf('%03d: %s', quantity, customer) from shop.lines"],
    "a sentence that stops the build": [
        "select case when is_new then word else cast(error(concat('wrong: ', word)) as varchar) end as checked"
        " from shop.lines where is_new"
    ],
    "the bytes of a text": ["select strlen(word) as bytes, length(word) as letters from shop.lines"],
    "a part of a text": [
        "select substr(word, 2), substr(word, 2, 1), substr(word, -2), left(word, 3) from shop.lines",
        "select substr(word, -1) as last, substr('', -1) as none from shop.lines",
    ],
    "how a text ends": ["select suffix(word, 'a') as ends from shop.lines"],
    "a pattern that a whole text has": [
        "select regexp_full_match(word, '[0-9.]+|t') as is_number from shop.lines",
        "select regexp_full_match(word, 'TEA', 'i'), regexp_full_match(word, upper(customer) || '|TEA', 'i'),"
        r" regexp_full_match(word, '\w+'), regexp_full_match('a' || chr(10), 'a') from shop.lines",
    ],
    "a hash as a key is a text": ["select count(distinct md5_number(customer)) as customers from shop.lines"],
    "a hash that values are compared by": [
        "select count(distinct hash(customer, word)) as words, min(hash(day) = hash(day)) as is_equal from shop.lines",
    ],
    "a hash as a number of 64 bits": [
        "select md5_number_lower(customer) as half from shop.lines",
        "select customer, cast(sum(md5_number_lower(concat_ws(chr(31), cast(is_new as integer), coalesce(word, ''))))"
        " as varchar) as checksum from shop.lines group by 1",
    ],
    "the first of a group, in an order": [
        "select customer, first(word order by is_new desc, quantity asc) as word from shop.lines group by 1",
        "select first(word order by quantity desc) filter (where word is not null) as word from shop.lines",
    ],
    "where another value is greatest or least, of those that are not null": [
        "select arg_max(word, day), arg_min(word, share), arg_max(customer, quantity) filter (where is_new)"
        " from shop.lines where word is null or word <> '0'",
        "select customer, max_by(word is not null, day) as known, max_by(quantity in (1, 6), day)"
        " from shop.lines group by 1",
    ],
    "distinct elements of a list, without nulls": [
        "select list_sort(list_distinct([quantity, null, 1])), list_distinct(cast(null as integer[])) from shop.lines"
    ],
    "whether a list holds something": [
        "select contains([1, 2], quantity), list_contains([1, 2], quantity), contains(word, 'e') from shop.lines"
    ],
    "the number of elements of a list": [
        "select len([quantity, 1]), len(cast([] as integer[])), length(case when is_new then [1] end), len(word)"
        " from shop.lines"
    ],
    "a list in an order": [
        "select customer, list(word order by quantity) as words from shop.lines where word is not null group by 1",
        "select list_sort(list(distinct customer)) as customers from shop.lines",
    ],
    "a map of two lists": [
        "select cast(to_json(map(list(k order by k), list(k order by k))) as varchar) from (values ('a')) as t (k)"
    ],
    "a map that is written out": [
        "select map {'a': 'x', '$': 'y'}[customer] as letter from shop.lines",
        "select map {'a': 1, '12.50': 2}[word] as number, map {'tea!': 'x'}[word || '!'] as letter from shop.lines",
    ],
    "an element of a map or a list": ["select [1, 2][1] as one, [1, 2][-1] as two, [1, 2][3] as none"],
    "whether anything in a list is true": [
        "select list_bool_or(list_transform([1, 4], lambda number: number = quantity)) as is_known from shop.lines",
    ],
    "a list made one value": [
        "select list_reduce(list_transform(days, lambda day: [day]), lambda starts, next_day: case"
        " when date_diff('day', starts[-1], next_day[1]) <= 7 then starts else starts || next_day end,"
        " cast([] as date[])) from ("
        "select list_sort(list(distinct day)) as days from shop.lines where day is not null)",
    ],
    "a row as JSON, with its nulls": [
        """select to_json({'a "b': day, 'word': word || '"' || chr(10)}) from shop.lines""",
        "select to_json(struct_pack(word := word, units := quantity, day := day, is_new := is_new)) from shop.lines",
    ],
    "a list read from JSON": [
        """select from_json('[{"kind": "a", "rows": 1}]', '[{"kind": "varchar", "rows": "bigint"}]')[1].rows as rows""",
    ],
    "a text as JSON is the text": [
        """select cast('{"a": "x"}' as json) ->> 'a', cast(to_json(struct_pack(a := word)) as json) ->> 'a'
        from shop.lines"""
    ],
    "a member of a JSON object whose name is computed": [
        """
        select json_extract_string(object, concat('$."', replace(name, '"', '\\"'), '"')) as value
        from (values ('{"Sub-Category": "a", "b c": 1.25, "d\\"e": "f"}')) as objects (object)
        cross join (values ('Sub-Category'), ('b c'), ('d"e'), ('none')) as names (name)
        """,
    ],
    "the keys of a JSON object": ["""select json_keys('{"a": 1, "b": 2}') as keys"""],
}
# Forms that are changed before or after the rules, each with a query.
SHAPES = {
    "several lists, side by side": "select customer, unnest([1, 2]) as x, unnest([3.5, 4]) as y from shop.lines",
    "a list inside an expression": "select quantity - cast(unnest([0, 90]) as integer) as days from shop.lines",
    "a list that is null, beside another": """
        select customer, unnest(case when is_new then [1] end) as x, unnest([2, 3]) as y from shop.lines
    """,
    "a list of aggregates": "select unnest(generate_series(min(quantity), max(quantity))) as number from shop.lines",
    "distinct elements": "select distinct unnest([1, 1, 2]) as number from shop.lines",
    "places of a list": "select generate_subscripts(['x', 'y'], 1) as place, unnest(['x', 'y']) as letter",
    "a series as a table": """
        select customer, number, days.range, part * 2 as part, steps.generate_series
        from shop.lines
        inner join range(1, 4) as numbers (number) on number <= quantity
        cross join range(2) as days, range(-1, 1) as parts (part), generate_series(0, 4, 2) as steps
    """,
    "a series as a table without a name": "select cast(range as integer) + 1 as next from range(3) where range > 0",
    "unpivot": "select customer, name, value from shop.lines unpivot (value for name in (quantity, amount))",
    "a window that extends another": """
        select customer, sum(quantity) over so_far as units, count(*) filter (where is_new) over by_day as orders
        from shop.lines
        window by_day as (partition by customer order by quantity),
            so_far as (by_day rows between unbounded preceding and current row)
    """,
    "qualify": "select word from shop.lines qualify row_number() over (partition by customer order by amount) = 1",
    "names that are used in one select": """
        select * replace (amount + 1 as amount), amount / nullif(quantity, 0) as price,
            price * price / 2 + price as twice,
            sum(twice - price) over (partition by customer order by quantity) as so_far,
            greatest(so_far * so_far, twice * twice, coalesce(so_far / twice, price)) as word_of_all,
            [price, twice] as listed, 1 as one, one + one as two
        from shop.lines
        where quantity > 1 and price < 100
    """,
    "group by all": """
        select customer, list_sort(list(distinct moment)) as moments from shop.lines
        where moment is not null group by all
    """,
    "common tables of one name": """
        with found as (with found as (select customer, amount from shop.lines) select customer from found)
        select * from found
    """,
    "a union by name": """
        with first as (select customer, quantity from shop.lines),
            second as (select quantity, customer, day from shop.lines)
        select * from first union all by name select * from second
    """,
    "a union by name of several": """
        select customer, quantity from shop.lines union all by name select quantity, day from shop.lines
        union all by name select word, customer from shop.lines
    """,
    "a text below nulls of a union": """
        with words as (select 1 as place, null as word union all select 2, null union all select 3, 'tea')
        select words.place, words.word, known.word as other from words
        left join (select null as word union all select null) as known on words.word = known.word
    """,
    "a row among rows": """
        select word from shop.lines where (customer, quantity) not in (select ('a', 1)) and quantity is not null
    """,
    "a value among values": """
        select customer, quantity in (select known.quantity from shop.lines as known where known.is_new) as is_known
        from shop.lines where quantity is not null
    """,
    "columns left out and replaced": "select * exclude (word) replace (quantity + 1 as quantity) from shop.lines",
    "an alias used beside it": "select quantity + 1 as more, more * 2 as twice from shop.lines",
    "a table as JSON": "select to_json(found) as row from (select quantity, true as x from shop.lines) as found"
    " where quantity > 0",
    "tables crossed with one of few rows": """
        with newest as (select max(day) as day from shop.lines), numbers as (select unnest([1, 2]) as number),
            teas as (select customer, quantity from shop.lines where word = 'tea')
        select lines.customer, lines.quantity, newest.day - lines.day as days, numbers.number, teas.quantity as teas
        from shop.lines as lines cross join newest
        left join teas on lines.customer = teas.customer and lines.day <> newest.day
        cross join numbers
    """,
    "tables joined in a row": """
        with newest as (select max(day) as day from shop.lines),
            teas as (select customer, sum(quantity) as units from shop.lines where word = 'tea' group by 1),
            words as (select distinct word, quantity from shop.lines)
        select lines.customer, lines.amount, teas.units, words.word, newest.day, same.share
        from shop.lines as lines cross join newest
        inner join teas on lines.customer = teas.customer and lines.quantity <> teas.units
        left join words on lines.quantity = words.quantity and (words.word = 'tea' or teas.units > 3)
        left join (select quantity, share from shop.lines) as same on teas.units = same.quantity
    """,
    "joined rows that are numbered": """
        with counts as (select word, count(*) as lines from shop.lines where word is not null group by 1),
            sums as (select word, sum(amount) as amount from shop.lines group by 1
                union all select word || '!', amount from shop.lines where word is not null)
        select sums.*, counts.lines, row_number() over (order by sums.amount desc nulls last, sums.word asc) as place
        from sums inner join counts on sums.word = counts.word
    """,
    "tables joined by what is not equal": """
        select lines.customer, others.quantity from shop.lines as lines
        left join shop.lines as others on lines.customer = others.customer or lines.quantity = others.quantity
    """,
    "a table crossed, and joined with all rows of another": """
        with newest as (select max(day) as day from shop.lines), others as (select 'z' as customer, 1 as quantity)
        select lines.customer, others.quantity, newest.day
        from shop.lines as lines cross join newest full join others on lines.customer = others.customer
    """,
    "rows compared": """
        select (customer, quantity) <> ('a', 1) as other, (customer, word) is distinct from ('b', null) as distinct_row,
            (quantity, word) = (null, '12.50') as same, (customer, quantity) in (('a', 2), ('c', 6)) as is_one
        from shop.lines
    """,
    "the order of nulls": "select quantity from shop.lines order by quantity desc limit 3",
}


def test_each_rule_has_cases() -> None:
    assert set(CASES) == {rule.name for rule in RULES}


@pytest.mark.parametrize("query", [query for queries in CASES.values() for query in queries])
def test_a_rule_keeps_the_rows(query: str, engine: Engine, connection: duckdb.DuckDBPyConnection) -> None:
    (statement,) = translate(query, engine)
    assert rows_of(engine.run(statement.sql)) == rows_of(connection.sql(query).to_arrow_table())


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_keeps_the_rows(name: str, engine: Engine, connection: duckdb.DuckDBPyConnection) -> None:
    (statement,) = translate(SHAPES[name], engine)
    result, expected = engine.run(statement.sql), connection.sql(SHAPES[name]).to_arrow_table()
    assert result.column_names == expected.column_names
    assert rows_of(result) == rows_of(expected)


def test_a_written_map_is_looked_up_in_by_a_choice(engine: Engine, connection: duckdb.DuckDBPyConnection) -> None:
    """Sail makes the map again for each row."""
    (statement,) = translate("select map {'a': 'x', 'b': 'y'}[customer] as letter from shop.lines", engine)
    assert "MAP" not in statement.sql.upper()


def test_what_is_for_values_of_another_type_is_left_out(engine: Engine, connection: duckdb.DuckDBPyConnection) -> None:
    """Of a price that is a number, the reader of texts made half of the statement."""
    choice = "case when typeof({}) = 'VARCHAR' and quantity > 1 then upper(word) else 'other' end"
    (statement,) = translate(f"select {choice.format('share')} as value from shop.lines", engine)
    assert "UPPER" not in statement.sql
    (statement,) = translate(f"select {choice.format('customer')} as value from shop.lines", engine)
    assert "UPPER" in statement.sql
    assert "VARCHAR" not in statement.sql


def test_what_is_read_in_many_formats_is_written_once(engine: Engine) -> None:
    """Spark plans each copy: forty of a text in which twelve months are replaced took longer than the rows."""
    text = "regexp_replace(customer, '^a', 'b')"
    forms = [f"'%d{sign}%{month}{sign}%{year}'" for sign in "/.-" for month in "bm" for year in "Yy"]
    read = f"try_strptime({text}, [{', '.join(forms)}])"
    query = f"select case when year({read}) between 1970 and 2199 then {read} end as day from shop.lines"
    (statement,) = translate(query, engine)
    # The formats of each sign differ by a sign, and follow those of the other kind of month.
    assert statement.sql.count("'^a'") == 6
    assert statement.sql.count("(?i)jan") == 3
    assert statement.sql.count("TRY_CAST") == 3 * 2 * 3
    written = "concat('active: ', customer, ' ({} of {})')"
    (statement,) = translate(f"select format({written}, share, share, word) from shop.lines", engine)
    assert statement.sql.count("active") == 1


def test_a_column_of_a_template_that_is_no_field_stops_the_query(
    engine: Engine, connection: duckdb.DuckDBPyConnection
) -> None:
    query = "select format(concat('{} is ', word), quantity, share) from shop.lines where word = 'tea'"
    (statement,) = translate(query, engine)
    with pytest.raises(Exception, match=r"format\(\) has no translation of tea"):
        engine.run(statement.sql)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("select\n    1,\n    regexp_replace(word, 'a', 'b')\nfrom shop.lines", "line 3: regexp_replace() without 'g'"),
        ("select\n    jaro_similarity(word, 'a')\nfrom shop.lines", "line 2: jaro_similarity() has no translation"),
        ("select first(word order by word desc) from shop.lines", "falling text"),
        ("select\n  string_agg(word, ', ')\nfrom shop.lines", "line 2: string_agg() needs an order here"),
        ("select\n  format('{:e}', share)\nfrom shop.lines", "line 2: format() has no translation of {:e}"),
        ("select from where", "can't be read, line 1"),
        ("update shop.lines set quantity = 1", "`update` is no statement"),
        ("set threads = 1", "`set` is no statement"),
        ("insert into shop.lines values (1)", "only the rows of a query"),
        ("create table shop.other (a integer)", "only a table of the rows of a query"),
        ("delete from shop.lines using shop.lines as b where true", "`using` of a statement"),
        ("select 1 from shop.lines left join unnest([quantity]) as t (u) on true", "outer join"),
        ("select epoch_ms(moment) from shop.lines", "epoch_ms() has a translation of whole numbers only"),
        ("select substr(word, 0, 2) from shop.lines", "from the first place on"),
        ("select substr(word, -2, 1) from shop.lines", "from the first place on"),
        ("select cast(quantity as json) from shop.lines", "only a text can be cast to JSON"),
        ("select share // 2 from shop.lines", "line 1: `//` of numbers that are not whole"),
        ("select median(moment) from shop.lines", "median() of dates or timestamps"),
        ("select avg(day) from shop.lines", "avg() of dates or timestamps"),
        ("select quantile_cont(day, 0.5) from shop.lines", "quantile_cont() of dates or timestamps"),
        ("select median(amount) over () from shop.lines", "median() over a window"),
        ("select median(distinct amount) from shop.lines", "median(distinct …)"),
        ("select quantile_disc(quantity, [0.1, 0.5]) from shop.lines", "one share"),
        ("select quantile_disc(quantity, 0.5 order by quantity desc) from shop.lines", "no order of its own"),
        ("select percentile_cont(0.5) within group (order by quantity) from shop.lines", "one share"),
        ("select kurtosis(share) from shop.lines", "kurtosis() is that of all rows there"),
        (
            "select number from shop.lines, lateral (select * from range(quantity)) as numbers (number)",
            "a series in a `from` can't read columns here",
        ),
        (
            "select number from shop.lines\n cross join lateral (select unnest(range(quantity)) as number) as numbers",
            "line 2: a lateral query can't both unnest a list and read columns here",
        ),
        (
            "select item from shop.lines, lateral (select unnest(own.items) as item from (select [1] as items) as own)",
            "a lateral query can't both unnest a list and read columns here",
        ),
        (
            "select customer from shop.lines union all by name select * from shop.unknown",
            "a union by name needs the columns that `*` stands for",
        ),
        (
            "select customer from shop.lines union all by name (select * from shop.unknown union all select null, 1)",
            "a union by name needs the columns that `*` stands for",
        ),
        (
            "select json_extract_string(word, concat('$.', customer)) from shop.lines",
            "a path into JSON that is computed",
        ),
        ("select word similar to 'a' from shop.lines", "`similar to` has no translation"),
        ("select typeof([day]) from shop.lines", "typeof() of what"),
        ("select cast(moment as time) from shop.lines", "TIME is no type there"),
        ("select cast(quantity as ubigint) from shop.lines", "UBIGINT is no type there"),
        ("select date_diff('week', day, date '2024-03-01') from shop.lines", "date_diff() of 'week'"),
        ("select range(quantity, 0, -1) from shop.lines", "a whole number above 0"),
        ("select range(moment, moment, interval 1 day) from shop.lines", "range() of timestamps"),
        ("select regexp_replace(word, '^a|b', 'x') from shop.lines", "regexp_replace() without 'g'"),
        ("select regexp_replace(word, 'a*$', 'x') from shop.lines", "regexp_replace() without 'g'"),
        (r"select regexp_replace(word, 'a\$', 'x') from shop.lines", "regexp_replace() without 'g'"),
        ("select regexp_replace(word, customer, 'x') from shop.lines", "regexp_replace() without 'g'"),
        (r"select regexp_matches(word, '[\W]') from shop.lines", r"\W in brackets"),
        ("select regexp_matches(word, 'a', 'l') from shop.lines", "the option 'l' of a pattern"),
        ("select format('{{}} {}', word) from shop.lines", "braces"),
        ("select format('{0}', word) from shop.lines", "braces"),
        ("select format('{} {}', word) from shop.lines", "more fields than values"),
        ("select format(concat('{} ', word), word) from shop.lines", "more fields than values"),
        ("select printf('%x', quantity) from shop.lines", "printf() has a translation of %s, %d and %02d"),
        ("select list_transform([1], lambda one, place: place) from shop.lines", "the place of an element"),
        ("select to_json(struct_pack(days := [day])) from shop.lines", "what holds other values"),
    ],
)
def test_what_has_no_translation_is_named(query: str, sentence: str, engine: Engine, connection: object) -> None:
    with pytest.raises(DbtRuntimeError) as raised:
        list(translate(query, engine))
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    "query",
    [
        "select * from shop.unknown union all select null, 1",
        "select 'a', * from shop.unknown union all select 'b', null",
        "select 1 as one, 'a' as word union all select null",
    ],
)
def test_a_union_whose_columns_are_not_known_keeps_its_nulls(query: str, engine: Engine) -> None:
    """Which column a null is of is unknown then: what is wrong with such a query, the engine says."""
    (statement,) = translate(query, engine)
    assert "CAST(NULL" not in statement.sql
    assert "NULL" in statement.sql


def test_the_page_says_what_each_rule_is_for() -> None:
    page = (ROOT / "docs" / "cluster.md").read_text("utf-8")
    assert [rule.name for rule in RULES if rule.name not in page] == []
