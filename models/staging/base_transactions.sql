{#- Columns that the input does not have are null, so that every later model is the same for every shop. -#}
{%- set input = transactions_input() if execute else {'relation': '(select 1)', 'columns': {}, 'others': {}} -%}

with input as (

    select * from {{ input.relation }}

)

select
    -- The order of the input is the only one that its rows have.
    row_number() over () as input_row,
    {% for column in known_headings() %}
    cast({{ input.columns.get(column, 'null') }} as varchar) as {{ column }},
    {% endfor %}
    cast({{ input.surplus or 'null' }} as varchar) as surplus_field,
    cast({{ input.swallowed or '0' }} as bigint) as swallowed_rows,
    -- What is none of our columns still tells two lines apart, and belongs to the row as it came.
    {{ json_text_of(input.others) }} as other_columns
from input
