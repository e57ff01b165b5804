with customers as (

    select * from {{ ref('customers') }}
    where recency_score is not null

),

cut_points as (

    select cut_points.*
    from {{ ref('rfm_cut_points') }} as cut_points
    inner join {{ ref('model_versions') }} as versions
        on
            cut_points.model_version = versions.model_version
            and versions.is_active

),

{% for measure, scores in [('recency_days', 'recency'), ('frequency', 'frequency')] %}
{{ scores }}_scores as (

    select cast(unnest(range(1, count(*) + 2)) as integer) as score
    from cut_points
    where
        measure = '{{ measure }}'
        and score_group is null

),

{% endfor %}

cells as (

    select
        recency_score,
        frequency_score,
        count(*) as customer_count,
        sum(monetary) as revenue
    from customers
    group by 1, 2

),

-- Countries with cut-points of their own are scored by these.
monetary_scores as (

    select
        customers.monetary_score,
        count(*) as customer_count
    from customers
    left join cut_points
        on
            cut_points.measure = 'monetary'
            and cut_points.cut_number = 1
            and customers.country = cut_points.score_group
    where
        customers.monetary_score is not null
        and cut_points.score_group is null
    group by 1

)

-- Cells without customers are rows too, or a heat map would not show that they were counted.
select
    recency_scores.score as recency_score,
    frequency_scores.score as frequency_score,
    cast(null as integer) as monetary_score,
    coalesce(cells.customer_count, 0) as customer_count,
    cast(coalesce(cells.revenue, 0) as decimal(18, 2)) as revenue
from recency_scores
cross join frequency_scores
left join cells
    on
        recency_scores.score = cells.recency_score
        and frequency_scores.score = cells.frequency_score

union all

select
    cast(null as integer) as recency_score,
    cast(null as integer) as frequency_score,
    monetary_score,
    customer_count,
    cast(null as decimal(18, 2)) as revenue
from monetary_scores
