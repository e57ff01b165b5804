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
    where cut_points.score_group is null

),

{% for measure, scores in [('recency_days', 'recency'), ('frequency', 'frequency')] %}
{{ scores }}_scores as (

    select cast(unnest(range(1, count(*) + 2)) as integer) as score
    from cut_points
    where measure = '{{ measure }}'

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

)

-- Cells without customers are rows too, or a heat map would not show that they were counted.
select
    recency_scores.score as recency_score,
    frequency_scores.score as frequency_score,
    coalesce(cells.customer_count, 0) as customer_count,
    cast(coalesce(cells.revenue, 0) as decimal(18, 2)) as revenue
from recency_scores
cross join frequency_scores
left join cells
    on
        recency_scores.score = cells.recency_score
        and frequency_scores.score = cells.frequency_score
