{#-
    The spend forecasts that are combined: unlike each other, so that their errors cancel out (Bates
    & Granger 1969, "The combination of forecasts").
-#}
{% macro combined_forecasts() -%}
    {{ return(['linear_regression', 'gradient_boosting', 'last 90 days', 'past rate']) }}
{%- endmacro %}


{#-
    SQL: the mean of the combined forecasts of each sample in `predictions` (model, sample_number,
    amount) that has all of them.
-#}
{% macro combined_amounts(predictions) -%}
select
    sample_number,
    -- Decimal, as sums of doubles depend on their order.
    avg(cast(amount as decimal(18, 6))) as amount
from {{ predictions }}
where model in ('{{ combined_forecasts() | join("', '") }}')
group by 1
having count(*) = {{ combined_forecasts() | length }}
{%- endmacro %}
