{#-
    The spend forecasts that are combined: unlike each other, so that their errors cancel out (Bates
    & Granger 1969, "The combination of forecasts").
-#}
{% macro combined_forecasts() -%}
    {{ return(['linear_regression', 'gradient_boosting', 'last 90 days', 'past rate']) }}
{%- endmacro %}


{#-
    SQL: the mean of the combined forecasts of each sample in `predictions` (model, sample_number,
    shared_amount) that has all of them; with the same days of last year where the transactions hold
    them. `members` names them.
-#}
{% macro combined_amounts(predictions) -%}
{%- set last_year = 'same days last year' -%}
select
    sample_number,
    concat(
        '{{ combined_forecasts() | join(", ") }}',
        case when count(*) > {{ combined_forecasts() | length }} then ', {{ last_year }}' end
    ) as members,
    -- Decimal, as sums of doubles depend on their order.
    avg(cast(shared_amount as decimal(18, 6))) as amount
from {{ predictions }}
where model in ('{{ (combined_forecasts() + [last_year]) | join("', '") }}')
group by 1
having count(*) filter (where model <> '{{ last_year }}') = {{ combined_forecasts() | length }}
{%- endmacro %}
