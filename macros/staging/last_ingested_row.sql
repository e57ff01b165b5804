{#-
    The last input row that earlier builds took through all models of lines, where this one only adds what came since; none where the
    model is made whole: in its first build, in a full refresh, and where the input or its settings are others. `kind` says what the
    model's rows are rows of (see `is_changed`).
-#}
{% macro last_ingested_row(kind=none) -%}
    {%- set state = ref('ingest_plan') -%}
    {#- Asked for at parse time too, when nothing is incremental: what it refers to becomes the model's. -#}
    {%- do is_changed(kind, 0) -%}
    {#- A unit test of a model made whole has no table of its own. -#}
    {%- if execute and this is not none and is_incremental() -%}
        {%- set row = run_query('select is_full_reload, last_row from ' ~ state).rows[0] -%}
        {%- if not row[0] -%}
            {{ return(row[1] | int) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}
