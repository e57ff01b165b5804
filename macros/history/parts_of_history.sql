{#-
    In how many parts a first build writes the history, each of customers of its own: as many as it
    takes for a part to fit into a quarter of DuckDB's memory, at so many bytes for each customer
    and date: of 200,000 customers at 25 dates, `int_segment_moves` takes 1.2 GB and
    `int_counterfactual_segments` 0.4. All at once would be written to disk and read back, which
    takes three times as long, or fail: `int_segment_snapshots` of 4 million customers wrote 18 GB.
    Later builds write what is new.
-#}
{% macro parts_of_history(bytes) -%}
    {%- set states = existing_relation(schema_of('core'), 'int_customer_states_scd2') -%}
    {%- if target.type != 'duckdb' or states is none or existing_snapshots() -%}
        {{ return(1) }}
    {%- endif -%}
    {%- set query -%}
        select
            coalesce(
                cast(ceil(
                    approx_count_distinct(customer_id)
                    * (select count(*) from {{ ref('int_snapshot_dates') }})
                    * {{ bytes }} * 4
                    / try(parse_formatted_bytes(current_setting('memory_limit')))
                ) as integer),
                1
            )
        from {{ states }}
    {%- endset -%}
    {{ return([single_value(query), 1] | max) }}
{%- endmacro %}


{#- SQL: whether a row belongs to a part of the customers; true until `statement_of_part`. -#}
{% macro is_in_part() -%}
    {{ return('hash(customer_id) % 1 = 0' if target.type == 'duckdb' else 'true') }}
{%- endmacro %}


{#-
    SQL: a statement with `is_in_part`, for the customers of a part; parts are counted from 0, and
    share out the 64-bit hashes. By bounds, as DuckDB expects no more than a row or two of an
    equation: it would then hold the history in memory to join it with a few dates, instead of the
    dates.
-#}
{% macro statement_of_part(statement, part, parts) -%}
    {%- set bounds = ['true'] if parts == 1 else [] -%}
    {%- if part > 0 -%}
        {%- do bounds.append('hash(customer_id) >= ' ~ (2 ** 64 * part // parts)) -%}
    {%- endif -%}
    {%- if part < parts - 1 -%}
        {%- do bounds.append('hash(customer_id) < ' ~ (2 ** 64 * (part + 1) // parts)) -%}
    {%- endif -%}
    {{ return(statement | replace(is_in_part(), bounds | join(' and '))) }}
{%- endmacro %}


{#- SQL: statements that add the other parts to a table that has the first. -#}
{% macro inserts_of_other_parts(relation, statement, parts) -%}
    {%- for part in range(1, parts) %}
    insert into {{ relation }} {{ statement_of_part(statement, part, parts) }};
    {%- endfor -%}
{%- endmacro %}
