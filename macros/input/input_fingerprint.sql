{#-
    Text that changes where rows read earlier would be read, parsed or flagged in another way now: then nothing of them is kept.
    New files behind the same setting change nothing in it.
-#}
{% macro input_fingerprint() -%}
    {%- if execute -%}
        {%- set input = transactions_input() -%}
        {{ return(tojson({
            'transactions': var('transactions') | trim,
            'columns': input.columns,
            'others': input.others.keys() | list,
            'formats': input_formats(input),
            'cancellation_invoice_prefix': var('cancellation_invoice_prefix'),
        }, sort_keys=true)) }}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}
