{#- The files that earlier builds read, as `inspect_input` found them; none in a full refresh, which opens all of them again. -#}
{% macro files_told() -%}
    {%- set files = {} -%}
    {%- set read_before = stored_table('staging', 'files_read') -%}
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
{% macro input_read_as(input) -%}
    {%- set settings = {'columns': input.columns, 'others': input.others.keys() | list} -%}
    {%- for name in [
        'transactions', 'csv_delimiter', 'csv_encoding', 'date_format', 'decimal_separator', 'cancellation_invoice_prefix'
    ] -%}
        {%- do settings.update({name: var(name)}) -%}
    {%- endfor -%}
    {{ return(tojson(settings, sort_keys=true)) }}
{%- endmacro %}


{#- How dates and numbers were found to be written when the input was first read in the same way; none where it was not. -#}
{% macro formats_told(input) -%}
    {%- set taken = stored_table('staging', 'input_taken') -%}
    {%- if taken and not flags.FULL_REFRESH -%}
        {%- for row in run_query('select formats from ' ~ taken ~ ' where read_as = ' ~ sql_text(input_read_as(input))).rows -%}
            {{ return(fromjson(row[0])) }}
        {%- endfor -%}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}
