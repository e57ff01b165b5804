{#-
    SQL: naive forecasts of the spend of each sample in `samples`, and a ranking by the spend to
    date; from its features in `features`. The same days of last year only where the transactions
    hold them. By a cross join: with hundreds of thousands of customers DuckDB 2.0 stops at a filter
    over lists that are unnested beside joined rows.
-#}
{% macro spend_baselines(samples, features) -%}
select * from (

    select
        samples.sample_number,
        models.model,
        case models.model
            when 'zero' then 0
            -- One day of history makes no rate: a customer counts as known for a horizon at least.
            when 'past rate'
                then
                    greatest(features.monetary, 0) * features.days_to_go
                    / greatest(features.tenure_days, features.days_to_go)
            when 'last 90 days' then greatest(features.monetary_90_days, 0)
            when 'same days last year' then cast(samples.amount_last_year as double)
            else features.monetary
        end as amount
    from {{ samples }} as samples
    inner join {{ features }} as features
        on samples.sample_number = features.sample_number
    cross join (
        select unnest(
            ['zero', 'past rate', 'last 90 days', 'same days last year', 'ranked by spend to date']
        ) as model
    ) as models

) as baselines
where amount is not null
{%- endmacro %}
