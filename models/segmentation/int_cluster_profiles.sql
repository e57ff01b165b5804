with clusters as (

    select
        segmentation,
        cluster,
        count(*) as size,
        cast(median(recency_days) as double) as median_recency_days,
        cast(median(frequency) as double) as median_frequency,
        cast(median(monetary) as double) as median_monetary
    from {{ ref('int_chosen_labels') }}
    group by 1, 2

),

fitted as (

    select population.*
    from {{ ref('int_fit_population') }} as population
    inner join {{ ref('model_versions') }} as versions
        on
            population.model_version = versions.model_version
            and versions.is_active

)

-- A position means the same in any shop and currency: the share of customers that are worse, ties
-- by half. More days since the last order are worse, fewer orders and less money are.
select
    clusters.segmentation,
    clusters.cluster,
    clusters.size,
    {% for feature, position, worse in [
        ('recency_days', 'recency', '>'),
        ('frequency', 'frequency', '<'),
        ('monetary', 'monetary', '<'),
    ] %}
    avg(
        case
            when cast(fitted.{{ feature }} as double) = clusters.median_{{ feature }} then 0.5
            else cast(
                cast(fitted.{{ feature }} as double) {{ worse }} clusters.median_{{ feature }}
                as integer
            )
        end
    ) as {{ position }},
    {% endfor %}
    clusters.median_recency_days,
    clusters.median_frequency,
    clusters.median_monetary
from clusters
cross join fitted
group by all
