with as_of as (

    select as_of_date
    from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

),

active_version as (

    select * from {{ ref('model_versions') }}
    where is_active

),

-- What is known at the end of the day: orders that are net then.
facts as (

    select
        as_of.as_of_date,
        states.customer_id,
        states.country,
        states.orders_placed,
        states.frequency,
        states.monetary,
        cast(as_of.as_of_date - states.last_net_order_date as integer) as recency_days,
        states.first_order_date,
        states.last_order_date,
        states.last_net_order_date
    from as_of
    inner join {{ ref('int_customer_states_scd2') }} as states
        on {{ is_valid_on('states', 'as_of.as_of_date') | indent(12) }}

),

-- Where every order is cancelled there is nothing to score.
net_customers as (

    select
        facts.*,
        active_version.model_version,
        active_version.baseline_date > facts.as_of_date as is_backfilled
    from facts
    cross join active_version
    where facts.frequency > 0

),

{{ assign_segments('net_customers') }},

{{ next_segments() }},

-- How many are worse, counted once per value: sorting all customers takes many times as long.
{% for measure in score_measures() %}
{{ measure }}_ranks as (

    select
        {{ measure }},
        coalesce(
            cast(
                sum(count(*)) over (
                    order by {{ measure }} {{ 'desc' if measure == 'recency_days' else 'asc' }}
                    rows between unbounded preceding and current row
                ) - count(*) as double
            ) / nullif(sum(count(*)) over () - 1, 0),
            0
        ) as percent_rank
    from segmented
    group by 1

),

{% endfor %}
ranked as (

    select
        next_segments.*,
        recency_days_ranks.percent_rank as recency_percent_rank,
        frequency_ranks.percent_rank as frequency_percent_rank,
        monetary_ranks.percent_rank as monetary_percent_rank
    from next_segments
    {% for measure in score_measures() %}
    inner join {{ measure }}_ranks
        on next_segments.{{ measure }} = {{ measure }}_ranks.{{ measure }}
    {% endfor %}

)

select
    facts.as_of_date,
    facts.customer_id,
    facts.country,
    ranked.rfm_score,
    {% for segmentation in ['rfm', 'broad', 'detailed'] %}
    case
        when facts.frequency = 0 then 'all cancelled' else ranked.{{ segmentation }}_segment
    end as {{ segmentation }}_segment,
    {% endfor %}
    ranked.next_rfm_segment,
    ranked.next_broad_segment,
    ranked.next_detailed_segment,
    ranked.model_version,
    ranked.broad_rule,
    ranked.detailed_rule,
    facts.orders_placed,
    facts.frequency,
    facts.monetary,
    facts.recency_days,
    ranked.recency_score,
    ranked.frequency_score,
    ranked.monetary_score,
    ranked.recency_percent_rank,
    ranked.frequency_percent_rank,
    ranked.monetary_percent_rank,
    ranked.broad_confidence,
    ranked.detailed_confidence,
    ranked.is_backfilled,
    facts.first_order_date,
    facts.last_order_date,
    facts.last_net_order_date,
    ranked.next_rfm_segment_date,
    ranked.next_broad_segment_date,
    ranked.next_detailed_segment_date
from facts
left join ranked
    on facts.customer_id = ranked.customer_id
