-- The customers of the day on which the backtest freezes what it learns: the same bounds as for the clustering in use.
with customers as (

    select
        facts.customer_id,
        facts.recency_days,
        facts.frequency,
        facts.monetary
    from {{ ref('int_moment_facts') }} as facts
    inner join {{ ref('int_studies') }} as studies
        on
            studies.study = 'backtest'
            and facts.as_of_date = studies.frozen_at
    where facts.frequency > 0

),

{{ within_bounds('customers') }}
