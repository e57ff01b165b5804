{{ config(materialized='view') }}

-- What the builds that read the input could not be sure of.
-- depends_on: {{ ref('base_transactions') }}
with ingested_files as (

    select * from {{ source('state', 'ingested_files') }}
    where findings is not null

),

findings as (

    select
        file_name,
        unnest(from_json(
            findings,
            '[{
                "kind": "varchar",
                "column_name": "varchar",
                "row_count": "bigint",
                "example": "varchar",
                "suggestion": "varchar"
            }]'
        )) as finding
    from ingested_files

)

select
    struct_extract(finding, 'kind') as kind,
    struct_extract(finding, 'column_name') as column_name,
    file_name,
    struct_extract(finding, 'row_count') as row_count,
    struct_extract(finding, 'example') as example,
    struct_extract(finding, 'suggestion') as suggestion
from findings
