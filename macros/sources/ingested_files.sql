{#-
    SQL: deletes what was recorded of files that this build read again; of all files where it
    replaced all rows.
-#}
{% macro delete_ingested_files() -%}
    delete from {{ source('state', 'ingested_files') }}
    where
        (
            select input_profile.is_full_read
            from {{ source('shop', 'input_profile') }} as input_profile
        )
        or file_name in (
            select input_files.file_name
            from {{ source('shop', 'input_files') }} as input_files
            where input_files.is_pending
        )
{%- endmacro %}


{#- SQL: records the files that this build read, in the transaction that stores their rows. -#}
{% macro insert_ingested_files() -%}
    insert into {{ source('state', 'ingested_files') }}
    select
        input_files.file_name,
        input_profile.input_signature,
        input_files.details,
        input_profile.date_format,
        input_profile.decimal_separator,
        -- What was found belongs to all files that the build read; stored once, it counts once.
        case
            when row_number() over (order by input_files.file_name) = 1 then input_profile.findings
        end as findings
    from {{ source('shop', 'input_files') }} as input_files
    cross join {{ source('shop', 'input_profile') }} as input_profile
    where input_files.is_pending
{%- endmacro %}


{#- How many files this build reads. -#}
{% macro pending_file_count() -%}
    {%- set files = source('shop', 'input_files') -%}
    {%- set are_listed = execute and existing_relation('sources', 'input_files') is not none -%}
    {%- set query = 'select count(*) from ' ~ files ~ ' where is_pending' -%}
    {{ return(single_value(query) if are_listed else 0) }}
{%- endmacro %}


{#- Whether the input of this build has any of the columns. -#}
{% macro input_has(columns) -%}
    {%- set profile = source('shop', 'input_profile') -%}
    {%- set is_there = execute and existing_relation('sources', 'input_profile') is not none -%}
    {%- set flags = 'has_' ~ (columns | join(' or has_')) -%}
    {{ return(single_value('select ' ~ flags ~ ' from ' ~ profile) if is_there else false) }}
{%- endmacro %}
