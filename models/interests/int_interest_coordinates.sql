{%- set axes = ['x', 'y', 'z'] -%}

with weights as (

    select
        maps.feature,
        {% for axis in axes %}
        maps.{{ axis }} / maps.scale as {{ axis }},
        cast(maps.mean * maps.{{ axis }} / maps.scale as decimal(18, 9)) as {{ axis }}_of_mean{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('interest_map_versions') }} as maps
    inner join {{ ref('int_score_version_in_use') }} as version_in_use
        on maps.rules_version = version_in_use.score_version

),

means as (

    select
        {% for axis in axes %}
        sum({{ axis }}_of_mean) as {{ axis }}{{ ',' if not loop.last }}
        {% endfor %}
    from weights

),

-- Sums of decimals: they come out the same in any order. A category that nobody who was fitted had bought moves nobody.
located as (

    select
        features.as_of_date,
        features.customer_id,
        {% for axis in axes %}
        sum(cast(features.value * weights.{{ axis }} as decimal(18, 9))) as {{ axis }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_interest_features') }} as features
    inner join weights
        on features.feature = weights.feature
    group by 1, 2

)

select
    located.as_of_date,
    located.customer_id,
    {% for axis in axes %}
    cast(located.{{ axis }} - means.{{ axis }} as double) as {{ axis }},
    {% endfor %}
    population.customer_id is not null as is_fitted
from located
cross join means
left join {{ ref('int_fit_population') }} as population
    on
        located.customer_id = population.customer_id
        and located.as_of_date = population.baseline_date
        and population.is_fitted
