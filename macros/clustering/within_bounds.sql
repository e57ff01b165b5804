{#-
    SQL: CTEs over `customers` (customer_id, frequency, monetary and what else they have), and the
    select that adds who the clusterings are fitted on. A handful of wholesalers would be the only
    clusters found: those far above the rest are left out of the fit, and get their segment from the
    rules afterwards.
-#}
{% macro within_bounds(customers) -%}
bounds as (

    select
        quantile_disc(frequency, 0.95) as frequency_bound,
        quantile_disc(monetary, 0.95) as monetary_bound
    from {{ customers }}

),

bounded as (

    select
        {{ customers }}.*,
        {{ customers }}.frequency <= bounds.frequency_bound
        and {{ customers }}.monetary <= bounds.monetary_bound as is_within_bounds
    from {{ customers }}
    cross join bounds

),

-- The sample is drawn by a hash: the same customers in each build, whatever their order.
drawn as (

    select
        *,
        row_number() over (
            partition by is_within_bounds
            order by md5(customer_id), customer_id
        ) as draw
    from bounded

)

select
    * exclude (draw),
    is_within_bounds and draw <= {{ var('max_fit_customers') }} as is_fitted
from drawn
{%- endmacro %}
