{#-
    SQL: CTEs of how products are described. The last of them, `variants`, has one row per product
    and description, with how many the product has (`description_variants`) and the `variant_rank`
    of this one: first comes the one that is used most, of two used as often the later one. `lines`
    names a relation with `product_description` and `ordered_at`, `keys` the columns that identify a
    product in it.
-#}
{% macro description_ranks(lines, keys=['product_id']) -%}
{%- set key_list = keys | join(', ') -%}
{%- set places = range(1, keys | length + 2) | join(', ') -%}
descriptions as (

    select
        {{ key_list }},
        product_description,
        count(*) as line_count,
        max(ordered_at) as last_ordered_at
    from {{ lines }}
    where product_description is not null
    group by {{ places }}

),

-- There are few descriptions and many lines: blanks are replaced once per description.
spellings as (

    select
        {{ key_list }},
        regexp_replace(product_description, '\s+', ' ', 'g') as description,
        line_count,
        last_ordered_at
    from descriptions

),

variants as (

    select
        {{ key_list }},
        description,
        count(*) over (partition by {{ key_list }}) as description_variants,
        row_number() over (
            partition by {{ key_list }}
            order by sum(line_count) desc, max(last_ordered_at) desc, description asc
        ) as variant_rank
    from spellings
    group by {{ places }}

)
{%- endmacro %}
