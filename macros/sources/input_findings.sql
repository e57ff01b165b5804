{#-
    SQL: what the builds that read the input could not be sure of, before any row was cleaned: kind,
    column_name (null where it is none of ours), file_name (the first of the files that the build
    read), row_count and amount (null where that is not counted), example and suggestion.
-#}
{% macro input_findings() -%}
    with findings as (

        select
            file_name,
            unnest(from_json(
                findings,
                '[{
                    "kind": "varchar",
                    "column_name": "varchar",
                    "row_count": "bigint",
                    "example": "varchar",
                    "suggestion": "varchar",
                    "amount": "varchar"
                }]'
            )) as finding
        from {{ source('state', 'ingested_files') }}
        where findings is not null

    )

    select
        struct_extract(finding, 'kind') as kind,
        struct_extract(finding, 'column_name') as column_name,
        file_name,
        struct_extract(finding, 'row_count') as row_count,
        struct_extract(finding, 'example') as example,
        struct_extract(finding, 'suggestion') as suggestion,
        cast(struct_extract(finding, 'amount') as decimal(18, 2)) as amount
    from findings
{%- endmacro %}
