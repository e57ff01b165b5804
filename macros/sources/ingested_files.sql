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
        end as findings,
        input_files.returns
    from {{ source('shop', 'input_files') }} as input_files
    cross join {{ source('shop', 'input_profile') }} as input_profile
    where input_files.is_pending
{%- endmacro %}


{#-
    Whether two files that this build reads may have a row in common. Equal rows are of one time:
    where dates have types, a quick look at times and then at the rows that share them is proof.
-#}
{% macro may_share_rows() -%}
    {%- set files = source('shop', 'input_files') -%}
    {%- set listed = existing_relation(schema_of('sources'), 'input_files') -%}
    {%- set are_listed = execute and listed is not none -%}
    {%- set query = 'select count(*) from ' ~ files ~ ' where is_pending' -%}
    {%- if not are_listed or single_value(query) < 2 -%}
        {{ return(false) }}
    {#- Lines below the first of an order are compared with what they have from there. -#}
    {%- elif not input_has(['typed_dates']) or input_has(['continued_orders']) -%}
        {{ return(true) }}
    {%- endif -%}
    {{ return(single_value(shared_rows(source('shop', 'transactions')))) }}
{%- endmacro %}


{#-
    SQL: whether rows of several files have one hash. Rows that differ may, too: it is no proof that
    rows are equal, but rows of one key have it. So it is made of what is in the key as it is here.
    Numbers are not: the key takes 18 and 18.0 for one, and of a fraction it has nine decimals.
-#}
{% macro shared_rows(transactions) -%}
    {%- set texts = ['invoice_id', 'product_id', 'customer_id'] -%}
    with times as (

        select ordered_at
        from {{ transactions }}
        group by 1
        having min(file_name) <> max(file_name)

    ),

    hashes as (

        select
            file_name,
            hash(
                {%- for text in texts %}
                {{ clean_identifier(text) }},
                {%- endfor %}
                product_description, ordered_at
            ) as row_hash
        from {{ transactions }}
        where
            ordered_at in (select times.ordered_at from times)
            or ordered_at is null

    )

    select count(*) > 0
    from (
        select row_hash
        from hashes
        group by 1
        having min(file_name) <> max(file_name)
    )
{%- endmacro %}


{#- Whether the input of this build has any of the columns. -#}
{% macro input_has(columns) -%}
    {%- set profile = source('shop', 'input_profile') -%}
    {%- set stored = existing_relation(schema_of('sources'), 'input_profile') -%}
    {%- set is_there = execute and stored is not none -%}
    {%- set flags = 'has_' ~ (columns | join(' or has_')) -%}
    {{ return(single_value('select ' ~ flags ~ ' from ' ~ profile) if is_there else false) }}
{%- endmacro %}


{#-
    SQL: gives keys to stored rows that have none, because their dates had a type: later files have
    texts there, so all are texts now, and are compared by their keys. Such rows hold what the input
    held, and had no status and no currency; the others keep the key that they were stored with. On
    an engine whose tables can only be replaced, such files stop the build.
-#}
{% macro complete_row_keys() -%}
    {%- set is_updated = target.type == 'duckdb' and is_incremental() -%}
    {%- if is_updated and not input_has(['typed_dates']) -%}
        {%- set profile = source('shop', 'input_profile') -%}
        {%- set separator = single_value('select decimal_separator from ' ~ profile) -%}
        update {{ this }}
        set row_key = {{ row_key(sql_text(separator)) }}
        where row_key is null
    {%- endif -%}
{%- endmacro %}
