{#-
    SQL: what earlier builds reported in `int_segment_snapshots`; no rows in a first build and in a
    full refresh. The table is no ref of the models that read it, because they decide what of it
    changes. Whatever they need to know about earlier builds is in its rows, so the history and
    the memory of it change in one transaction.
-#}
{% macro reported_snapshots() -%}
    {%- set stored = existing_snapshots() -%}
    {%- if stored -%}
    select * from {{ stored }}
    {%- else -%}
    select
        {% for column, type in snapshot_columns().items() -%}
        cast(null as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
        {% endfor -%}
    where false
    {%- endif -%}
{%- endmacro %}


{#- The snapshots that earlier builds left, or none; none in a full refresh too. -#}
{% macro existing_snapshots() -%}
    {%- if execute and not flags.FULL_REFRESH -%}
        {{ return(existing_relation(schema_of('history'), 'int_segment_snapshots')) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}


{#- The columns of a snapshot that later builds read, and their types. -#}
{% macro snapshot_columns() -%}
    {{ return({
        'customer_id': 'varchar',
        'as_of_date': 'date',
        'rfm_segment': 'varchar',
        'broad_segment': 'varchar',
        'detailed_segment': 'varchar',
        'restated_by': 'varchar',
        'original_rfm_segment': 'varchar',
        'original_broad_segment': 'varchar',
        'original_detailed_segment': 'varchar',
        'original_version': 'integer',
        'original_recency_days': 'integer',
        'original_frequency': 'bigint',
        'original_monetary': 'decimal(18, 2)',
        'model_version': 'integer',
        'recency_days': 'integer',
        'frequency': 'bigint',
        'monetary': 'decimal(18, 2)',
        'recency_score': 'integer',
        'frequency_score': 'integer',
        'monetary_score': 'integer',
        'previous_date': 'date',
        'previous_version': 'integer',
        'events_checksum': 'hugeint',
        'is_backfilled': 'boolean',
        'is_withdrawn': 'boolean',
    }) }}
{%- endmacro %}
