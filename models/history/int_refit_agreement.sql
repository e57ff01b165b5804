{%- set segmentations = ['rfm', 'broad', 'detailed'] %}

-- The same customers on the same day by the rules in force and by those before them: what a refit alone has changed.
with last_day as (

    select
        dates.as_of_date,
        versions.model_version,
        versions.previous_version
    from {{ ref('int_snapshot_dates') }} as dates
    inner join {{ ref('int_history_versions') }} as versions
        on dates.model_version = versions.model_version
    where
        dates.is_open
        and versions.previous_version is not null

),

customers as (

    select history.*
    from {{ ref('int_segment_snapshots') }} as history
    inner join last_day
        on history.as_of_date = last_day.as_of_date
    where not history.is_withdrawn

),

facts as (

    select
        customers.customer_id,
        customers.as_of_date,
        last_day.previous_version as model_version,
        customers.recency_days,
        customers.frequency,
        customers.monetary
    from customers
    cross join last_day

),

{{ assign_segments('facts') }},

pairs as (

    {% for segmentation in segmentations %}
    select
        '{{ segmentation }}' as segmentation,
        segmented.{{ segmentation }}_segment as segment_before,
        customers.{{ segmentation }}_segment as segment_now
    from segmented
    inner join customers
        on segmented.customer_id = customers.customer_id
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

contingency as (

    select
        segmentation,
        segment_before,
        segment_now,
        count(*) as customers
    from pairs
    group by 1, 2, 3

),

groups as (

    select
        'by both' as kind,
        segmentation,
        segment_now as segment,
        customers
    from contingency

    union all

    select
        'before' as kind,
        segmentation,
        segment_before as segment,
        sum(customers) as customers
    from contingency
    group by 1, 2, 3

    union all

    select
        'now' as kind,
        segmentation,
        segment_now as segment,
        sum(customers) as customers
    from contingency
    group by 1, 2, 3

    union all

    select
        'all' as kind,
        segmentation,
        'any' as segment,
        sum(customers) as customers
    from contingency
    group by 1, 2, 3

),

-- Pairs of customers that are together by both rules, by the old, by the new, and all pairs.
pair_counts as (

    select
        segmentation,
        cast(sum(customers * (customers - 1) / 2) filter (where kind = 'by both') as double) as together_by_both,
        cast(sum(customers * (customers - 1) / 2) filter (where kind = 'before') as double) as together_before,
        cast(sum(customers * (customers - 1) / 2) filter (where kind = 'now') as double) as together_now,
        cast(sum(customers * (customers - 1) / 2) filter (where kind = 'all') as double) as pairs,
        cast(sum(customers) filter (where kind = 'all') as bigint) as customers
    from groups
    group by 1

),

by_chance as (

    select
        *,
        together_before * together_now / nullif(pairs, 0) as expected,
        (together_before + together_now) / 2 as most
    from pair_counts

)

-- The index of Hubert and Arabie (1985): 1 where all agree, 0 as by chance. Where both put all together, or all apart, nothing is
-- left to chance: they agree.
select
    by_chance.segmentation,
    last_day.previous_version,
    last_day.model_version,
    by_chance.customers,
    coalesce(
        (by_chance.together_by_both - by_chance.expected) / nullif(by_chance.most - by_chance.expected, 0), 1
    ) as adjusted_rand_index,
    last_day.as_of_date
from by_chance
cross join last_day
