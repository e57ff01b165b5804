{#- SQL: the versions that earlier runs stored; none in the first build of a warehouse. -#}
{% macro known_versions() -%}
    {%- set stored = existing_relation(schema_of('core'), 'model_versions') -%}
    {% if stored -%}
        select * exclude (is_active, is_backtest_pending)
        from {{ stored }}
    {%- else -%}
        select
            0 as model_version,
            '' as cause,
            '' as anchor_invoice_id,
            '' as anchor_customer_id,
            '' as settings,
            cast(0 as bigint) as customers_fitted,
            date '1970-01-01' as anchor_order_date,
            date '1970-01-01' as first_order_date,
            date '1970-01-01' as baseline_date
        where false
    {%- endif %}
{%- endmacro %}


{#-
    SQL: the versions of which each of these tables stores rows, as (stage, name). Not a ref: what
    a build fits depends on what is stored already, and dbt would call that a circle.
-#}
{% macro versions_stored_in(tables) -%}
    {%- set relations = [] -%}
    {%- for stage, name in tables -%}
        {%- do relations.append(existing_relation(schema_of(stage), name)) -%}
    {%- endfor -%}
    {% if none in relations or '' in relations -%}
        select 0 as model_version
        where false
    {%- else -%}
        {%- for relation in relations %}
        select model_version
        from {{ relation }}
        {{ 'intersect' if not loop.last }}
        {%- endfor %}
    {%- endif %}
{%- endmacro %}


{#-
    SQL: the versions whose segment rules are stored. A build that is cut off before that leaves its
    version behind.
-#}
{% macro versions_with_rules() -%}
    {{ versions_stored_in([('segmentation', 'cluster_rules')]) }}
{%- endmacro %}


{#- SQL: the versions that a refresh can use, as cut-points and segment rules are both stored. -#}
{% macro whole_versions() -%}
    {{ versions_stored_in([('scoring', 'rfm_cut_points'), ('segmentation', 'int_segment_rules')]) }}
{%- endmacro %}


{#-
    SQL: whether a table that earlier runs left lacks a version: what is fitted for it is still to
    be computed.
-#}
{% macro lacks_version(version, schema, name) -%}
    {{ version }} not in ({{ versions_stored_in([(schema, name)]) }})
{%- endmacro %}
