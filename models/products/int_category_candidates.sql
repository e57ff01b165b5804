{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

{%- set fewest_categories, most_categories = 4, 20 %}
{%- set least_share, most_other = 0.02, 0.05 %}

with metrics as (

    select * from {{ ref('category_metrics') }}
    {% if is_incremental() %}
    where (prediction_run, model_version) not in (
        select (stored.prediction_run, stored.model_version)
        from {{ this }} as stored
    )
    {% endif %}

),

-- Gates first: what rules a candidate out, in the order of the checks.
gated as (

    select
        *,
        case
            when failure_reason is not null then failure_reason
            when categories_found not between {{ fewest_categories }} and {{ most_categories }}
                then format(
                    '{} categories: a catalogue has {} to {}',
                    categories_found,
                    {{ fewest_categories }},
                    {{ most_categories }}
                )
            when smallest_share < {{ least_share }}
                then format(
                    'the smallest category holds {:.2f} % of the products, less than {:g} %',
                    100 * smallest_share,
                    100 * {{ least_share }}
                )
            when other_share > {{ most_other }}
                then format(
                    '{:.2f} % of the products fit no category, more than {:g} %',
                    100 * other_share,
                    100 * {{ most_other }}
                )
            when min_jaccard is null then 'it was not refitted'
            when min_jaccard < {{ var('min_stability') }}
                then format(
                    'a category is not found again in resamples:'
                    || ' minimum Jaccard {:.2f}, less than {:.2f}',
                    min_jaccard,
                    {{ var('min_stability') }}
                )
        end as failure,
        -- What could be used at all: when nothing passes, the most stable of these is.
        categories_found >= 2 and min_jaccard is not null as is_usable
    from metrics

),

compared as (

    {{ in_silhouette_tolerance('gated', 'prediction_run, model_version') | indent(4) }}

),

-- Within the tolerance, and likewise among fallbacks: the more stable, then the better silhouette,
-- then the fewer.
ranked as (

    select
        *,
        row_number() over (
            partition by prediction_run, model_version
            order by
                is_usable desc,
                is_within_tolerance desc,
                min_jaccard desc nulls last,
                silhouette desc nulls last,
                k asc,
                algorithm asc
        ) as preference
    from compared

),

winners as (

    select
        prediction_run,
        model_version,
        k
    from ranked
    where preference = 1 and is_usable

)

select
    ranked.prediction_run,
    ranked.algorithm,
    case
        when winners.k is null then coalesce(ranked.failure, 'no candidate can be used')
        when ranked.preference = 1 and not ranked.is_eligible
            then concat(
                'chosen for want of a better: none passes, this is the most stable; ',
                ranked.failure
            )
        when ranked.preference = 1 and ranked.silhouette = ranked.best_silhouette
            then format('chosen: the best silhouette of those that pass, {:.3f}', ranked.silhouette)
        when ranked.preference = 1
            then concat(
                'chosen: ',
                {{ silhouette_text('ranked', 'within {:g} % of') | indent(16) }},
                ', and it is more stable'
            )
        when ranked.failure is not null then ranked.failure
        when ranked.is_within_tolerance
            then format('passes; {} categories are as good and not less stable', winners.k)
        else {{ silhouette_text('ranked', 'more than {:g} % below') | indent(8) }}
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
