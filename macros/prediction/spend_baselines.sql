{#-
    SQL: naive forecasts of the spend of each sample in `samples`, and a ranking by the spend to
    date; from its features in `features`. The same days of last year only where the transactions
    hold them.
-#}
{% macro spend_baselines(samples, features) -%}
select * from (

    select
        samples.sample_number,
        unnest(
            ['zero', 'past rate', 'last 90 days', 'same days last year', 'ranked by spend to date']
        ) as model,
        unnest(
            [
                0,
                -- One day of history makes no rate: a customer counts as known for a horizon at
                -- least.
                greatest(features.monetary, 0) * features.days_to_go
                / greatest(features.tenure_days, features.days_to_go),
                greatest(features.monetary_90_days, 0),
                cast(samples.amount_last_year as double),
                features.monetary
            ]
        ) as amount
    from {{ samples }} as samples
    inner join {{ features }} as features
        on samples.sample_number = features.sample_number

) as baselines
where amount is not null
{%- endmacro %}
