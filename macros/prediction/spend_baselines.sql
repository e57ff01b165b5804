{#-
    SQL: naive forecasts of the spend of each sample in `samples`, and a ranking by the spend to
    date; from its features in `features`.
-#}
{% macro spend_baselines(samples, features) -%}
select
    samples.sample_number,
    unnest(['zero', 'past rate', 'last 90 days', 'ranked by spend to date']) as model,
    unnest(
        [
            0,
            -- One day of history makes no rate: a customer counts as known for a horizon at least.
            greatest(features.monetary, 0) * features.days_to_go
            / greatest(features.tenure_days, features.days_to_go),
            greatest(features.monetary_90_days, 0),
            features.monetary
        ]
    ) as amount
from {{ samples }} as samples
inner join {{ features }} as features
    on samples.sample_number = features.sample_number
{%- endmacro %}
