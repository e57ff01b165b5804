-- What the command of the setting `on_change` gets, until it got it. A run without the setting adds
-- nothing: the next one with it records how customers have changed since the last that did.
{{ config(
    materialized='incremental',
    full_refresh=false,
    pre_hook="{{ delete_delivered_changes() }}",
) }}

{%- set states = ['rfm_segment', 'broad_segment', 'detailed_segment', 'alert_state'] %}

with recorded as (

    {% if is_incremental() -%}
    select * from {{ this }}
    {%- else -%}
    -- Nothing yet.
    select
        cast(null as bigint) as change_number,
        cast(null as varchar) as customer_id,
        {% for state in states -%}
        cast(null as varchar) as {{ state }},
        {% endfor -%}
        cast(null as date) as as_of_date
    where false
    {%- endif %}

),

last_states as (

    select * from recorded
    qualify row_number() over (partition by customer_id order by change_number desc) = 1

),

last_record as (

    select
        coalesce(max(change_number), 0) as change_number,
        max(as_of_date) as as_of_date
    from recorded

),

movements as (

    select
        {% for name in ['rfm', 'broad', 'detailed'] %}
        max(cause) filter (where segmentation = '{{ name }}') as {{ name }}_cause,
        max(from_segment) filter (where segmentation = '{{ name }}') as {{ name }}_from,
        {% endfor %}
        customer_id,
        as_of_date
    from {{ ref('segment_changes') }}
    where change_type = 'movement'
    group by customer_id, as_of_date

),

states as (

    select
        customers.customer_id,
        customers.rfm_segment,
        customers.broad_segment,
        customers.detailed_segment,
        alerts.state as alert_state,
        alerts.days_overdue,
        alerts.probability,
        alerts.expected_loss,
        customers.as_of_date
    from {{ ref('customers') }} as customers
    left join {{ ref('customer_alerts') }} as alerts
        on customers.customer_id = alerts.customer_id

),

run_date as (

    select max(as_of_date) as as_of_date
    from states

),

-- Also customers whose lines are gone: they have no state any more.
changes as (

    select
        coalesce(states.customer_id, last_states.customer_id) as customer_id,
        run_date.as_of_date,
        {% for state in states -%}
        last_states.{{ state }} as {{ state }}_before,
        states.{{ state }},
        {% endfor -%}
        states.days_overdue,
        states.probability,
        states.expected_loss,
        last_record.change_number as last_change_number
    from states
    full join last_states
        on states.customer_id = last_states.customer_id
    cross join last_record
    cross join run_date
    where
        {{ 'true' if records_changes() else 'false' }}
        {% if var('as_of_date') is not none %}
        -- A run for an earlier day shows no change.
        and run_date.as_of_date >= coalesce(last_record.as_of_date, run_date.as_of_date)
        {% endif %}
        and (
            {% for state in states %}
            {{ 'or ' if not loop.first -}}
            states.{{ state }} is distinct from last_states.{{ state }}
            {% endfor %}
        )

),

numbered as (

    select
        *,
        last_change_number + row_number() over (order by customer_id) as change_number,
        last_change_number = 0 as is_initial
    from changes

)

select
    numbered.change_number,
    md5(concat_ws(
        '|',
        numbered.change_number,
        numbered.customer_id,
        numbered.as_of_date,
        {% for state in states %}
        coalesce(numbered.{{ state }}_before, ''),
        coalesce(numbered.{{ state }}, '')
        {{- ',' if not loop.last }}
        {% endfor %}
    )) as change_id,
    numbered.customer_id,
    {% for name in ['rfm', 'broad', 'detailed'] %}
    numbered.{{ name }}_segment_before,
    numbered.{{ name }}_segment,
    -- Where the move of the history is this change.
    case
        when (numbered.{{ name }}_segment_before is not distinct from movements.{{ name }}_from)
            then movements.{{ name }}_cause
    end as {{ name }}_cause,
    {% endfor %}
    numbered.alert_state_before,
    numbered.alert_state,
    numbered.days_overdue,
    numbered.probability,
    numbered.expected_loss,
    numbered.as_of_date,
    numbered.is_initial,
    cast(null as timestamp) as delivered_at
from numbered
left join movements
    on
        numbered.customer_id = movements.customer_id
        and numbered.as_of_date = movements.as_of_date
