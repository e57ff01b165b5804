{%- set all_segmentations = segmentations() %}
{%- set measures = ['recency_days', 'frequency', 'monetary'] -%}

with customers as (

    select * from {{ ref('customers') }}

),

strategies as (

    {{ strategies_by_segment() | indent(4) }}

),

rules as (

    select rules.*
    from {{ ref('int_segment_rules') }} as rules
    inner join {{ ref('model_versions') }} as versions
        on
            rules.model_version = versions.model_version
            and versions.is_active

),

-- Every customer is a member of one segment of each segmentation.
memberships as (

    select
        unnest({{ sql_list(all_segmentations) }}) as segmentation,
        unnest([
            {% for segmentation in all_segmentations %}
            {{ segmentation }}_segment {{- ',' if not loop.last }}
            {% endfor %}
        ]) as segment,
        recency_days,
        frequency,
        monetary
    from customers

),

-- Of the score segments all that there are, of the learned ones those that the active version
-- found.
named as (

    select
        segmentation,
        segment
    from strategies
    where
        (segmentation = 'rfm' and not {{ is_left_out('segment') | indent(8) }})
        or segment = 'all cancelled'
        or segmentation = 'custom'

    union

    select
        segmentation,
        segment
    from rules

    union

    -- Reasons to take no part are segments where there are such customers.
    select
        segmentation,
        segment
    from memberships
    where {{ is_left_out('segment') | indent(4) }}

),

-- A name that the seeds don't know has the strategy that fits any.
advised as (

    select
        named.segmentation,
        named.segment,
        coalesce(own.meaning, others.meaning) as meaning,
        coalesce(own.goal, others.goal) as goal,
        coalesce(own.action, others.action) as action,
        coalesce(own.channel, others.channel) as channel,
        coalesce(own.measure_of_success, others.measure_of_success) as measure_of_success,
        coalesce(own.display_order, others.display_order) as display_order
    from named
    left join strategies as own
        on
            named.segmentation = own.segmentation
            and named.segment = own.segment
    left join strategies as others
        on
            named.segmentation = others.segmentation
            and others.segment = 'any other'

),

profiles as (

    select
        segmentation,
        segment,
        {{ customer_profile(measures) | indent(8) }}
    from memberships
    group by 1, 2

),

whole as (

    select
        {{ customer_profile(measures) | indent(8) }}
    from customers

),

{{ compared_traits(
    'segments', 'profiles', 'whole', ['segmentation', 'segment'],
    ['median_recency_days', 'median_frequency', 'median_monetary']
) }},

distinguished as (

    select
        segmentation,
        segment,
        string_agg(trait, '; ' order by distance desc, display_order asc) as traits
    from traits
    group by 1, 2

)

select
    advised.segmentation,
    advised.segment,
    -- What the name means, and the figures that the members have today.
    case
        when profiles.median_frequency > 0
            then concat(
                advised.meaning, ': typically ',
                format('{:g}', profiles.median_frequency),
                case when profiles.median_frequency = 1 then ' order, ' else ' orders, ' end,
                format('{:,.0f}', profiles.median_monetary), ' spent, the last ',
                {{ days_ago_words('profiles.median_recency_days') | indent(16) }}
            )
        else advised.meaning
    end as meaning,
    case
        when profiles.size > 0 then coalesce(distinguished.traits, 'much like the typical customer')
    end as distinguishing_traits,
    advised.goal,
    advised.action,
    advised.channel,
    advised.measure_of_success,
    cast(row_number() over (
        partition by advised.segmentation
        order by advised.display_order asc, advised.segment asc
    ) as integer) as display_order,
    coalesce(profiles.size, 0) as size,
    cast(coalesce(profiles.revenue, 0) as decimal(18, 2)) as revenue,
    coalesce(profiles.size, 0) / nullif(whole.size, 0) as share,
    coalesce(profiles.revenue, 0) / nullif(whole.revenue, 0) as revenue_share,
    profiles.mean_recency_days,
    profiles.median_recency_days,
    100 * profiles.mean_recency_days / nullif(whole.mean_recency_days, 0) as recency_index,
    profiles.mean_frequency,
    profiles.median_frequency,
    100 * profiles.mean_frequency / nullif(whole.mean_frequency, 0) as frequency_index,
    profiles.mean_monetary,
    profiles.median_monetary,
    100 * profiles.mean_monetary / nullif(whole.mean_monetary, 0) as monetary_index
from advised
cross join whole
left join profiles
    on
        advised.segmentation = profiles.segmentation
        and advised.segment = profiles.segment
left join distinguished
    on
        advised.segmentation = distinguished.segmentation
        and advised.segment = distinguished.segment
