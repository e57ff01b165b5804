{%- set segmentations = ['rfm', 'broad', 'detailed'] %}

-- The customers of the last day by the active rules and by those before them: what a refit alone
-- changes.
with versions as (

    {{ history_versions() | indent(4) }}

),

last_day as (

    select
        dates.as_of_date,
        versions.model_version,
        versions.previous_version
    from {{ ref('int_snapshot_dates') }} as dates
    inner join versions
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
        count(*) as customer_count
    from pairs
    group by 1, 2, 3

),

groups as (

    select
        'both' as grouping_name,
        segmentation,
        segment_now as segment,
        customer_count
    from contingency

    union all

    select
        'before' as grouping_name,
        segmentation,
        segment_before as segment,
        sum(customer_count) as customer_count
    from contingency
    group by 1, 2, 3

    union all

    select
        'now' as grouping_name,
        segmentation,
        segment_now as segment,
        sum(customer_count) as customer_count
    from contingency
    group by 1, 2, 3

    union all

    select
        'all' as grouping_name,
        segmentation,
        'any' as segment,
        sum(customer_count) as customer_count
    from contingency
    group by 1, 2, 3

),

counted as (

    select
        *,
        customer_count * (customer_count - 1) / 2 as pair_count
    from groups

),

-- Pairs of customers that are together by both rules, by the old, by the new, and all pairs.
pair_counts as (

    select
        segmentation,
        {% for grouping in ['both', 'before', 'now', 'all'] %}
        cast(sum(pair_count) filter (where grouping_name = '{{ grouping }}') as double)
            as pairs_{{ grouping }},
        {% endfor %}
        cast(sum(customer_count) filter (where grouping_name = 'all') as bigint) as customer_count
    from counted
    group by 1

),

by_chance as (

    select
        *,
        pairs_before * pairs_now / nullif(pairs_all, 0) as expected,
        (pairs_before + pairs_now) / 2 as most
    from pair_counts

)

-- The index of Hubert and Arabie (1985): 1 where all agree, 0 as by chance. Where both put all
-- customers together, or all apart, nothing is left to chance: they agree.
select
    by_chance.segmentation,
    last_day.previous_version,
    last_day.model_version,
    by_chance.customer_count,
    coalesce(
        (by_chance.pairs_both - by_chance.expected)
        / nullif(by_chance.most - by_chance.expected, 0), 1
    ) as adjusted_rand_index,
    last_day.as_of_date
from by_chance
cross join last_day
