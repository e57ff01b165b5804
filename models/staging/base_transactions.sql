{#- Columns that the input does not have are null, so that every later model is the same for every shop. -#}
{%- set input = transactions_input() if execute else {'relation': '(select 1)', 'columns': {}, 'others': {}} -%}

with input as (

    select * from {{ input.relation }}

)

select
    -- The order of the input is the only one that its rows have.
    row_number() over () as input_row,
    {%- for column in known_headings() %}
        {% if column in input.columns -%}
            cast({{ input.columns[column] }} as varchar) as {{ column }},
        {%- else -%}
            cast(null as varchar) as {{ column }},
        {%- endif -%}
    {%- endfor %}
    {% if input.surplus -%}
        cast({{ input.surplus }} as varchar) as surplus_field,
    {%- else -%}
        cast(null as varchar) as surplus_field,
    {%- endif %}
    {% if input.others -%}
        -- What is none of our columns still tells two lines apart, and belongs to the row as it came.
        cast(
            to_json(
                struct_pack(
                    {%- for heading, sql in input.others.items() %}
                        {{ adapter.quote(heading or 'no heading') }} := cast({{ sql }} as varchar){{ ',' if not loop.last }}
                    {%- endfor %}
                )
            ) as varchar
        ) as other_columns,
    {%- else -%}
        cast(null as varchar) as other_columns,
    {%- endif %}
from input
