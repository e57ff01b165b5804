with customers as (

    select * from {{ ref('int_facts_as_of') }}
    where frequency > 0

),

cut_points as (

    select
        {% for measure in ['recency_days', 'frequency', 'monetary'] %}
        {% for cut_number in range(1, 5) %}
        max(cut_points.cut_point) filter (
            where cut_points.measure = '{{ measure }}' and cut_points.cut_number = {{ cut_number }}
        ) as {{ measure }}_{{ cut_number }},
        {% endfor %}
        {% endfor %}
        cut_points.score_version,
        version_in_use.baseline_date
    from {{ ref('score_cut_points') }} as cut_points
    inner join {{ ref('int_score_version_in_use') }} as version_in_use
        on cut_points.score_version = version_in_use.score_version
    group by cut_points.score_version, version_in_use.baseline_date

),

-- A value that equals a cut-point stays below it, so equal values get equal scores. Fewer days since the last order are
-- better, more orders and more money are.
scored as (

    select
        customers.as_of_date,
        customers.customer_id,
        cut_points.score_version,
        cut_points.baseline_date > customers.as_of_date as is_looked_back,
        5 - {{ cut_points_passed('recency_days') }} as recency_score,
        1 + {{ cut_points_passed('frequency') }} as frequency_score,
        1 + {{ cut_points_passed('monetary') }} as monetary_score,
        percent_rank() over (order by customers.recency_days desc) as recency_percent_rank,
        percent_rank() over (order by customers.frequency) as frequency_percent_rank,
        percent_rank() over (order by customers.monetary) as monetary_percent_rank
    from customers
    cross join cut_points

)

select
    as_of_date,
    customer_id,
    concat(recency_score, frequency_score, monetary_score) as rfm_score,
    score_version,
    recency_score,
    frequency_score,
    monetary_score,
    recency_percent_rank,
    frequency_percent_rank,
    monetary_percent_rank,
    is_looked_back
from scored
