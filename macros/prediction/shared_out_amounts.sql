{#-
    SQL: predictions with their `shared_amount`: what the customers of an origin spend together, by
    `totals`, shared out in the proportions of each model. Without a total (the season is not known)
    it is the amount itself. Customers who are a sample of all share a part of it that is as large.
-#}
{% macro shared_out_amounts(predictions, samples, totals) -%}
select
    predictions.*,
    predictions.amount
    * coalesce(
        cast(totals.total_amount as double)
        * (count(*) over same_model / totals.customer_count)
        -- Decimal, as sums of doubles depend on their order.
        / nullif(
            cast(sum(cast(predictions.amount as decimal(18, 6))) over same_model as double), 0
        ),
        1
    ) as shared_amount
from {{ predictions }} as predictions
inner join {{ samples }} as samples
    on predictions.sample_number = samples.sample_number
left join {{ totals }} as totals
    on
        samples.prediction_run = totals.prediction_run
        and samples.origin_date = totals.origin_date
window same_model as (partition by predictions.model, samples.origin_date)
{%- endmacro %}
