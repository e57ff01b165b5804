{#-
    Stops the run with a sentence per wrong segment of the seed `custom_segments`, before any table
    changes: see python_models/shop_toolkit/custom_segments.py.
-#}
{% macro validate_custom_segments() -%}
    {%- if execute and all_selected(['customers']) -%}
        {%- set seed = seed_of('custom_segments') -%}
        {%- set problems = fromjson(single_value(
            'select custom_segment_problems(' ~ sql_text(seed.original_file_path) ~ ', '
            ~ sql_text(seed.root_path) ~ ')'
        )) -%}
        {%- if problems -%}
            {{ exceptions.raise_compiler_error(problems | join('\n')) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- The segments that the shop defines itself, the first to match first: rows of the seed. -#}
{% macro custom_segments() -%}
    {%- set seed = seed_table('custom_segments') -%}
    {%- if execute and seed -%}
        {{ return(run_query(
            'select trim(name) as name, condition, value_order, meaning, goal, action, channel, '
            ~ 'measure_of_success from ' ~ seed ~ ' order by cast(priority as integer), name'
        ).rows | list) }}
    {%- endif -%}
    {{ return([]) }}
{%- endmacro %}


{#-
    The strategies of the shop's own segments, as mappings, and of `other`, which is worth as much
    as the least of them.
-#}
{% macro custom_strategies() -%}
    {%- set strategies = [] -%}
    {%- set values = [1] -%}
    {%- for segment in custom_segments() -%}
        {%- do values.append((segment.value_order or 1) | int) -%}
        {%- set strategy = {'name': segment.name, 'value_order': values[-1]} -%}
        {%- for text in ['goal', 'action', 'channel', 'measure_of_success'] -%}
            {%- do strategy.update({text: segment[text] or 'not given'}) -%}
        {%- endfor -%}
        {%- do strategy.update({'meaning': segment.meaning or 'meet a condition of the shop'}) -%}
        {%- do strategies.append(strategy) -%}
    {%- endfor -%}
    {%- if strategies -%}
        {%- do strategies.append({
            'name': 'other', 'value_order': values | max, 'meaning': 'meet none of the conditions',
            'goal': 'none', 'action': 'look at the other segmentations', 'channel': 'none',
            'measure_of_success': 'none',
        }) -%}
    {%- endif -%}
    {{ return(strategies) }}
{%- endmacro %}


{#- The segmentations of this shop: `custom` is one where the seed `custom_segments` has rows. -#}
{% macro segmentations() -%}
    {{ return(['rfm', 'broad', 'detailed'] + (['custom'] if custom_segments() else [])) }}
{%- endmacro %}


{#-
    SQL: the segment of the first condition that a customer meets, `other` without one; null where
    the shop defines none. Conditions are SQL over the columns of one relation, checked before the
    run, each on lines of its own as it may end with a comment.
-#}
{% macro custom_segment() -%}
    {%- set segments = custom_segments() -%}
    {%- if segments -%}
    case
        {%- for segment in segments %}
        when (
{{ segment.condition }}
        ) then {{ sql_text(segment.name) }}
        {%- endfor %}
        else 'other'
    end
    {%- else -%}
    cast(null as varchar)
    {%- endif -%}
{%- endmacro %}


{#-
    SQL: the custom segment of each snapshot, beside that of the customer's snapshot before
    (`custom_before`), and why it is another (`custom_cause`). It is computed from the snapshots by
    the conditions of now, from what was known at the date, so a new condition has a history at
    once. Where several things happened since, an order is the cause before a cancellation, that
    before new rules, and time alone the last.
-#}
{% macro custom_snapshots() -%}
    with facts as (

        select
            snapshots.customer_id,
            states.country,
            snapshots.rfm_score,
            snapshots.rfm_segment,
            snapshots.broad_segment,
            snapshots.detailed_segment,
            states.orders_placed,
            snapshots.frequency,
            snapshots.monetary,
            snapshots.recency_days,
            snapshots.recency_score,
            snapshots.frequency_score,
            snapshots.monetary_score,
            states.first_order_date,
            states.last_order_date,
            states.last_net_order_date,
            snapshots.as_of_date,
            snapshots.previous_date,
            snapshots.model_version,
            snapshots.rfm_cause
        from {{ ref('int_segment_snapshots') }} as snapshots
        left join {{ ref('int_customer_states_scd2') }} as states
            on
                snapshots.customer_id = states.customer_id
                and {{ is_valid_on('states', 'snapshots.as_of_date') | indent(16) }}
        where not snapshots.is_withdrawn

    ),

    labelled as (

        select
            *,
            {{ custom_segment() | indent(12) }} as custom_segment
        from facts

    )

    select
        labelled.customer_id,
        labelled.as_of_date,
        labelled.custom_segment,
        before.custom_segment as custom_before,
        case
            when before.customer_id is null then labelled.rfm_cause
            when labelled.custom_segment = before.custom_segment then null
            when labelled.last_order_date > before.as_of_date then 'order'
            when
                labelled.frequency < before.frequency
                or labelled.monetary < before.monetary
                then 'cancellation'
            when labelled.model_version <> before.model_version then 'refit'
            else 'aging'
        end as custom_cause
    from labelled
    left join labelled as before
        on
            labelled.customer_id = before.customer_id
            and labelled.previous_date = before.as_of_date
{%- endmacro %}


{#-
    SQL: the snapshots that count, with the columns of the custom segmentation beside those of the
    others; where the shop defines none, a null segment alone. Restatements of it aren't kept, as a
    new condition changes its whole history.
-#}
{% macro snapshots_with_custom_segments() -%}
    {#- Named in any case, so that dbt knows what this reads before it can look at the seed. -#}
    {%- do ref('custom_segments') -%}
    {%- do ref('int_customer_states_scd2') -%}
    {%- if custom_segments() -%}
    with custom_snapshots as (

        {{ custom_snapshots() | indent(8) }}

    )

    select
        snapshots.*,
        custom_snapshots.custom_segment,
        custom_snapshots.custom_before,
        custom_snapshots.custom_cause,
        cast(null as varchar) as original_custom_segment,
        cast(null as varchar) as custom_sufficient_causes
    from {{ ref('int_segment_snapshots') }} as snapshots
    inner join custom_snapshots
        on
            snapshots.customer_id = custom_snapshots.customer_id
            and snapshots.as_of_date = custom_snapshots.as_of_date
    where not snapshots.is_withdrawn
    {%- else -%}
    select
        *,
        cast(null as varchar) as custom_segment
    from {{ ref('int_segment_snapshots') }}
    where not is_withdrawn
    {%- endif -%}
{%- endmacro %}
