{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

{%- set fewest_categories, most_categories = 4, 25 %}
{%- set least_share, most_other = 0.01, 0.05 %}
{#- What a fallback may not pass either: half dissolved, or a seventh of the products nowhere. -#}
{%- set least_fallback_stability, most_fallback_other = 0.5, 0.15 %}

with metrics as (

    select * from {{ ref('category_metrics') }}
    {% if is_incremental() %}
    where (prediction_run, model_version) not in (
        select (stored.prediction_run, stored.model_version)
        from {{ this }} as stored
    )
    {% endif %}

),

-- Gates first: by how much a candidate misses each, as a part of what is asked for; null where it
-- passes.
measured as (

    select
        *,
        algorithm = 'given' as is_given,
        categories_found between {{ fewest_categories }} and {{ most_categories }} as is_countable,
        case
            when smallest_share < {{ least_share }}
                then ({{ least_share }} - smallest_share) / {{ least_share }}
        end as share_shortfall,
        case
            when other_share > {{ most_other }}
                then (other_share - {{ most_other }}) / {{ most_other }}
        end as other_excess,
        case
            when mean_jaccard < {{ var('min_stability') }}
                then ({{ var('min_stability') }} - mean_jaccard) / {{ var('min_stability') }}
        end as stability_shortfall
    from metrics

),

-- What rules a candidate out, in the order of the checks.
gated as (

    select
        *,
        case
            when failure_reason is not null then failure_reason
            -- What the shop gives is used as given.
            when is_given then null
            when not is_countable
                then format(
                    '{} categories: a catalogue has {} to {}',
                    categories_found,
                    {{ fewest_categories }},
                    {{ most_categories }}
                )
            when share_shortfall is not null
                then format(
                    'the smallest category holds {:.2f} % of the products, less than {:g} %',
                    100 * smallest_share,
                    100 * {{ least_share }}
                )
            when other_excess is not null
                then format(
                    '{:.2f} % of the products fit no category, more than {:g} %',
                    100 * other_share,
                    100 * {{ most_other }}
                )
            when mean_jaccard is null then 'it was not refitted'
            when stability_shortfall is not null
                then format(
                    'the categories are not found again in resamples:'
                    || ' mean Jaccard {:.2f}, less than {:.2f}',
                    mean_jaccard,
                    {{ var('min_stability') }}
                )
        end as failure,
        failure is null as is_eligible,
        -- Where nothing passes, a fallback misses one gate, by less than is beyond use.
        is_given
        or (
            failure_reason is null
            and is_countable
            and mean_jaccard >= {{ least_fallback_stability }}
            and other_share <= {{ most_fallback_other }}
            and cast(share_shortfall is not null as integer)
            + cast(other_excess is not null as integer)
            + cast(stability_shortfall is not null as integer) <= 1
        ) as is_usable,
        coalesce(share_shortfall, other_excess, stability_shortfall, 0) as shortfall
    from measured

),

-- How many categories the backtest judges interests in. It knows no later rows, so that it can't
-- follow today's choice: today's follows it, where as many pass today, too.
judged as (

    select
        model_version,
        first(k order by is_eligible desc, shortfall asc, mean_jaccard desc, silhouette desc, k asc)
            as k
    from gated
    where
        prediction_run = 'backtest'
        and is_usable
    group by 1

),

-- What is found again best among what passes, then the better silhouette, then the fewer. Of
-- fallbacks the one that misses its gate by the least.
ranked as (

    select
        gated.*,
        coalesce(
            gated.prediction_run = 'live'
            and gated.k = judged.k
            and gated.is_eligible, false
        ) as is_judged,
        row_number() over (
            partition by gated.prediction_run, gated.model_version
            order by
                gated.is_usable desc,
                is_judged desc,
                gated.is_eligible desc,
                gated.shortfall asc,
                gated.mean_jaccard desc nulls last,
                gated.silhouette desc nulls last,
                gated.k asc,
                gated.algorithm asc
        ) as preference
    from gated
    left join judged
        on gated.model_version = judged.model_version

),

winners as (

    select
        prediction_run,
        model_version,
        k,
        mean_jaccard,
        is_judged
    from ranked
    where
        preference = 1
        and is_usable

)

select
    ranked.prediction_run,
    ranked.algorithm,
    case
        when winners.k is null then coalesce(ranked.failure, 'no candidate can be used')
        when ranked.is_given then 'given by the shop, not learned'
        when ranked.preference = 1 and ranked.is_judged
            then format(
                'chosen: it passes, and interests are backtested in as many; mean Jaccard {:.2f}',
                ranked.mean_jaccard
            )
        when ranked.preference = 1 and not ranked.is_eligible
            then concat(
                'chosen for want of a better: none passes, this misses one gate by the least; ',
                ranked.failure
            )
        when ranked.preference = 1
            then format(
                'chosen: of those that pass it is found again best, mean Jaccard {:.2f}',
                ranked.mean_jaccard
            )
        when ranked.failure is not null then ranked.failure
        when winners.is_judged
            then format('passes; interests are backtested in {} categories', winners.k)
        else format(
            'passes; {} categories are found again as well or better,'
            || ' mean Jaccard {:.2f} against {:.2f}',
            winners.k,
            winners.mean_jaccard,
            ranked.mean_jaccard
        )
    end as reason,
    ranked.model_version,
    ranked.k,
    ranked.product_count,
    ranked.categories_found,
    ranked.smallest_share,
    ranked.largest_share,
    ranked.other_share,
    ranked.silhouette,
    ranked.mean_similarity,
    ranked.bootstrap_samples,
    ranked.min_jaccard,
    ranked.mean_jaccard,
    ranked.mean_adjusted_rand,
    ranked.is_eligible,
    ranked.preference = 1 and ranked.is_usable as is_chosen,
    ranked.preference = 1 and ranked.is_usable and not ranked.is_eligible as is_fallback
from ranked
left join winners
    on
        ranked.prediction_run = winners.prediction_run
        and ranked.model_version = winners.model_version
