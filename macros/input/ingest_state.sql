{#- The files that earlier builds read, as `inspect_input` found them; none in a full refresh, which opens all of them again. -#}
{% macro known_files() -%}
    {%- set files = {} -%}
    {%- set read_before = existing_relation('staging', 'ingested_files') -%}
    {%- if read_before and not flags.FULL_REFRESH -%}
        {%- for file_name, found in run_query('select file_name, found from ' ~ read_before ~ ' where found is not null').rows -%}
            {%- do files.update({file_name: fromjson(found)}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(files) }}
{%- endmacro %}


{#-
    Text that changes where rows read earlier would be read, parsed or flagged in another way now: then nothing of them is kept.
    New files behind the same setting change nothing in it.
-#}
{% macro input_fingerprint(input) -%}
    {#- Raise the version when what staging or cleaning makes of a row changes: stored rows are then made anew. -#}
    {%- set settings = {'version': 1, 'columns': input.columns, 'others': input.others.keys() | list} -%}
    {%- for name in [
        'transactions', 'csv_delimiter', 'csv_encoding', 'date_format', 'decimal_separator', 'cancellation_invoice_prefix'
    ] -%}
        {%- do settings.update({name: var(name)}) -%}
    {%- endfor -%}
    {{ return(tojson(settings, sort_keys=true)) }}
{%- endmacro %}


{#- What `ingest_watermark` says of this input, read in the same way, as {column: value}; none where it was not, and in a full refresh. -#}
{% macro matching_watermark(input) -%}
    {%- set taken = existing_relation('staging', 'ingest_watermark') -%}
    {%- if taken and not flags.FULL_REFRESH -%}
        {%- for formats, codes_fingerprint, last_row in run_query(
            'select formats, codes_fingerprint, last_row from ' ~ taken ~ ' where read_as = ' ~ sql_text(input_fingerprint(input))
        ).rows -%}
            {{ return({'formats': fromjson(formats), 'codes_fingerprint': codes_fingerprint, 'last_row': last_row | int}) }}
        {%- endfor -%}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}


{#- The last row that earlier builds took through all models of lines; none where everything is to be read anew. -#}
{% macro last_processed_row(input, codes_fingerprint) -%}
    {%- set taken = matching_watermark(input) -%}
    {%- if taken and taken.codes_fingerprint == codes_fingerprint
        and existing_relation('staging', 'base_transactions') and existing_relation('staging', 'ingested_files')
        and existing_relation('cleaning', 'int_transactions_flagged') -%}
        {{ return(taken.last_row) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}


{#-
    Stops a build that would read everything anew, but for a full refresh, where rows that earlier builds read from the same place are no
    longer there: they would be lost without a word.
-#}
{% macro validate_no_rows_lost(input) -%}
    {%- set taken, rows = existing_relation('staging', 'ingest_watermark'), existing_relation('staging', 'base_transactions') -%}
    {%- set is_same_place = not flags.FULL_REFRESH and taken and rows and single_value(
        "select count(*) from " ~ taken ~ " where json_extract_string(read_as, '$.transactions') = " ~ sql_text(var('transactions'))
    ) -%}
    {%- if is_same_place -%}
        {%- set gone = [] -%}
        {%- for file in known_files() if file not in input.files -%}
            {%- do gone.append(file) -%}
        {%- endfor -%}
        {%- set is_table = none in input.files.values() | list -%}
        {%- if gone or (is_table and single_value(
            'select (select count(*) from ' ~ input.relation ~ ') < (select count(*) from ' ~ rows ~ ')'
        )) -%}
            {{ exceptions.raise_compiler_error(
                "Settings, headings or codes have changed, so that " ~ input.name ~ " is to be read anew, but "
                ~ ("rows that were read are no longer in it" if is_table else "what was read is no longer there: " ~ gone | join(', '))
                ~ ". Put it back, or run 'dbt build --full-refresh' to go on with what is there now."
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
