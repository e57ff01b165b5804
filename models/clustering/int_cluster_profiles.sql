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

    select * from {{ ref('int_fit_population') }}
    where is_fitted

)

-- A position means the same in any shop and currency: the share of customers that are worse, ties by half.
select
    clusters.segmentation,
    clusters.cluster,
    clusters.size,
    clusters.median_recency_days,
    clusters.median_frequency,
    clusters.median_monetary,
    {% for position, median, better in [
        ('recency', 'median_recency_days', '<'), ('frequency', 'median_frequency', '>'), ('monetary', 'median_monetary', '>')
    ] %}
    {% set feature = median | replace('median_', '') %}
    avg(
        case
            when clusters.{{ median }} = cast(fitted.{{ feature }} as double) then 0.5
            else cast(clusters.{{ median }} {{ better }} cast(fitted.{{ feature }} as double) as integer)
        end
    ) as {{ position }}{{ ',' if not loop.last }}
    {% endfor %}
from clusters
cross join fitted
group by all
