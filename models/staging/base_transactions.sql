{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook=["{{ delete_changed_rows() }}", "{{ delete_ingest_watermark() }}"],
) }}

{%- set last_row = last_ingested_row() -%}
{%- set due = files_to_read(last_row) -%}
{#- Columns that the input does not have are null, so that every later model is the same for every shop. -#}
{%- set input = transactions_input(due or files_to_read(none)[:1]) if execute else {
    'relation': '(select 1)', 'columns': {}, 'others': {}, 'source': "''"
} -%}

with input as (

    select * from {{ input.relation }}
    {% if due | length == 0 %}
    -- Every file was read before and not written again.
    where false
    {% endif %}

),

texts as (

    select
        -- The order of the input is the only one that its rows have.
        row_number() over () as position,
        {% for column in column_aliases() %}
        cast({{ input.columns.get(column, 'null') }} as varchar) as {{ column }},
        {% endfor %}
        cast({{ input.surplus or 'null' }} as varchar) as surplus_field,
        cast({{ input.swallowed or '0' }} as bigint) as swallowed_rows,
        -- What is none of our columns still tells two lines apart, and belongs to the row as it came.
        {{ json_text_of(input.others) }} as other_columns,
        {{ input.source }} as file_name
    from input

),

keyed as (

    select
        *,
        {{ text_key(column_aliases() | list + ['surplus_field', 'other_columns']) }} as row_key
    from texts

){{ ',' if last_row is not none or due | length > 1 }}

{% if last_row is not none or due | length > 1 %}
-- A row that stands in two files is one row: an export may repeat what an earlier one told. Rows that are equal within one
-- file are as many as they are there.
occurring as (

    select
        *,
        row_number() over (partition by row_key, file_name order by position) as occurrence
    from keyed

),

read_once as (

    select
        *,
        row_number() over (partition by row_key, occurrence order by position) as copy
    from occurring

),

{% if last_row is not none %}
stored as (

    select
        row_key,
        count(*) as times
    from {{ this }}
    where row_key in (select keyed.row_key from keyed)
    group by 1

),

last_stored as (

    select coalesce(max(input_row), 0) as last_row
    from {{ this }}

),
{% endif %}

new_rows as (

    select read_once.*
    from read_once
    {% if last_row is not none %}
    left join stored
        on read_once.row_key = stored.row_key
    {% endif %}
    where
        read_once.copy = 1
        {% if last_row is not none %}
        and read_once.occurrence > coalesce(stored.times, 0)
        {% endif %}

)
{% endif %}

select
    {% if last_row is not none %}
    (select last_stored.last_row from last_stored) + row_number() over (order by position) as input_row,
    {% elif due | length > 1 %}
    row_number() over (order by position) as input_row,
    {% else %}
    position as input_row,
    {% endif %}
    {% for column in column_aliases() %}
    {{ column }},
    {% endfor %}
    surplus_field,
    swallowed_rows,
    other_columns,
    file_name,
    row_key
from {{ 'new_rows' if last_row is not none or due | length > 1 else 'keyed' }}
