{#-
    The parts that a first build writes the history in, each of customers of its own, as SQL
    conditions: as many as it takes for a part to fit into a quarter of DuckDB's memory, at so many
    bytes for each customer and date: of 200,000 customers at 25 dates, `int_segment_moves` takes
    1.2 GB and `int_counterfactual_segments` 0.4. All at once would be written to disk and read
    back, which takes three times as long, or fail: `int_segment_snapshots` of 4 million customers
    wrote 18 GB. Later builds write what is new.
-#}
{% macro parts_of_history(bytes) -%}
    {%- set states = existing_relation(schema_of('core'), 'int_customer_states_scd2') -%}
    {%- if target.type != 'duckdb' or states is none or existing_snapshots() -%}
        {{ return(['true']) }}
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
    {%- set parts = single_value(query) -%}
    {{ return(parts_between(first_customers(states, parts) if parts > 1 else [])) }}
{%- endmacro %}


{#-
    Where each part but the first begins, in the order of customers: some thousands of them, drawn
    by hash, say it well enough.
-#}
{% macro first_customers(states, parts) -%}
    {%- set query -%}
        with drawn as (

            select distinct customer_id
            from {{ states }}
            where hash(customer_id) % (select count(*) // 100000 + 1 from {{ states }}) = 0

        ),

        shared_out as (

            select
                customer_id,
                ntile({{ parts }}) over (order by customer_id) as part
            from drawn

        ),

        firsts as (

            select min(customer_id) as first_customer
            from shared_out
            where part > 1
            group by part

        )

        select to_json(coalesce(list(first_customer order by first_customer), []))
        from firsts
    {%- endset -%}
    {{ return(fromjson(single_value(query))) }}
{%- endmacro %}


{#-
    SQL conditions that share out all customers between these. By bounds: a part is then written
    where the others aren't, so DuckDB skips those when it reads the part from a table that was
    written in parts, too. And it expects no more than a row or two of an equation: it would hold
    the history in memory to join it with a few dates, instead of the dates.
-#}
{% macro parts_between(first_customers) -%}
    {%- set parts = [] -%}
    {%- for first in [none] + first_customers -%}
        {%- set bounds = [] -%}
        {%- if first is not none -%}
            {%- do bounds.append('customer_id >= ' ~ sql_text(first)) -%}
        {%- endif -%}
        {%- if not loop.last -%}
            {%- do bounds.append('customer_id < ' ~ sql_text(loop.nextitem)) -%}
        {%- endif -%}
        {%- do parts.append(bounds | join(' and ') or 'true') -%}
    {%- endfor -%}
    {{ return(parts) }}
{%- endmacro %}


{#- SQL: whether a row belongs to a part of the customers; true until `statement_of_part`. -#}
{% macro is_in_part() -%}
    {{ return(
        'customer_id is not distinct from customer_id' if target.type == 'duckdb' else 'true'
    ) }}
{%- endmacro %}


{#- SQL: a statement with `is_in_part`, for the customers of a part. -#}
{% macro statement_of_part(statement, part) -%}
    {{ return(statement | replace(is_in_part(), part)) }}
{%- endmacro %}


{#- SQL: statements that add the other parts to a table that has the first. -#}
{% macro inserts_of_other_parts(relation, statement, parts) -%}
    {%- for part in parts[1:] %}
    insert into {{ relation }} {{ statement_of_part(statement, part) }};
    {%- endfor -%}
{%- endmacro %}
