{#-
    SQL: how far the active rules and those before them group the customers of the last snapshot
    alike: segmentation, adjusted_rand_index and as_of_date. This is what a refit alone changes; no
    rows where the active version is the first.
-#}
{% macro refit_agreement() -%}
    {%- set segmentations = ['rfm', 'broad', 'detailed'] %}
    with versions as (

        {{ history_versions() | indent(8) }}

    ),

    last_snapshot as (

        select max(as_of_date) as as_of_date
        from {{ ref('int_segment_snapshots') }}
        where not is_withdrawn

    ),

    customers as (

        select snapshots.*
        from {{ ref('int_segment_snapshots') }} as snapshots
        inner join last_snapshot
            on snapshots.as_of_date = last_snapshot.as_of_date
        where not snapshots.is_withdrawn

    ),

    last_day as (

        select distinct
            customers.as_of_date,
            versions.previous_version
        from customers
        inner join versions
            on customers.model_version = versions.model_version
        where versions.previous_version is not null

    ),

    facts as (

        select
            customers.customer_id,
            states.country,
            customers.as_of_date,
            last_day.previous_version as model_version,
            customers.recency_days,
            customers.frequency,
            customers.monetary
        from customers
        cross join last_day
        left join {{ ref('int_customer_states_scd2') }} as states
            on
                customers.customer_id = states.customer_id
                and {{ is_valid_on('states', 'customers.as_of_date') | indent(16) }}

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
                as pairs_{{ grouping }}{{ ',' if not loop.last }}
            {% endfor %}
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
        coalesce(
            (by_chance.pairs_both - by_chance.expected)
            / nullif(by_chance.most - by_chance.expected, 0), 1
        ) as adjusted_rand_index,
        last_day.as_of_date
    from by_chance
    cross join last_day
{%- endmacro %}
