with measured as (

    select
        candidates.*,
        stability.bootstrap_samples,
        stability.bootstrap_draws,
        stability.min_jaccard,
        stability.mean_adjusted_rand,
        contenders.k is not null as is_finalist
    from {{ ref('int_candidates_by_level') }} as candidates
    left join {{ ref('candidate_stability') }} as stability
        on
            candidates.space = stability.space
            and candidates.algorithm = stability.algorithm
            and candidates.k = stability.k
    left join {{ ref('int_finalists') }} as contenders
        on
            candidates.space = contenders.space
            and candidates.algorithm = contenders.algorithm
            and candidates.k = contenders.k

),

-- Gates first: what rules a candidate out, in the order in which it is asked.
gated as (

    select
        *,
        case
            when failure_reason is not null then failure_reason
            when not is_finalist then 'eight others have a better silhouette: it was not refitted in full'
            when min_jaccard < {{ var('min_stability') }}
                then format(
                    'a cluster is not found again in resamples: minimum Jaccard {:.2f}, less than {:.2f}',
                    min_jaccard,
                    {{ var('min_stability') }}
                )
        end as failure,
        -- What could be used at all: when nothing passes, the most stable of these is.
        clusters_found >= 2 and min_jaccard is not null and (is_in_range or is_forced) as is_usable
    from measured

),

compared as (

    {{ in_silhouette_tolerance('gated', 'segmentation') | indent(4) }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by segmentation
            order by
                is_usable desc,
                is_forced desc,
                is_in_band desc,
                case when is_in_band then k end desc nulls last,
                case when is_in_band then silhouette end desc nulls last,
                is_finalist desc,
                min_jaccard desc nulls last,
                silhouette desc nulls last,
                k asc,
                space asc,
                algorithm asc
        ) as preference
    from compared

),

winners as (

    select
        segmentation,
        k,
        is_forced,
        format('{} {} k = {}', space, algorithm, k) as name
    from ranked
    where preference = 1 and is_usable

)

select
    ranked.segmentation,
    ranked.space,
    ranked.algorithm,
    ranked.setting,
    case
        when winners.name is null then coalesce(ranked.failure, 'no candidate can be used')
        when ranked.preference = 1 and ranked.is_forced
            then concat('chosen: a setting asks for it', '; else ruled out: ' || ranked.failure)
        when ranked.preference = 1 and not ranked.is_eligible
            then concat(
                'chosen for want of a better: none of those refitted in full passes, this is the most stable; ',
                ranked.failure
            )
        when ranked.preference = 1 and ranked.silhouette = ranked.best_silhouette
            then format('chosen: the best silhouette of those that pass, {:.3f}', ranked.silhouette)
        when ranked.preference = 1
            then format(
                'chosen: silhouette {:.3f} is within {:g} % of the best that passes, {:.3f},'
                || ' and {} clusters give more to work with',
                ranked.silhouette,
                100 * {{ var('silhouette_tolerance') }},
                ranked.best_silhouette,
                ranked.k
            )
        when ranked.failure is not null then ranked.failure
        when winners.is_forced then format('passes; a setting asks for {}', winners.name)
        when ranked.is_in_band and ranked.k < winners.k
            then format('as good as {}, which gives more to work with', winners.name)
        when ranked.is_in_band
            then format('passes; {} is preferred', winners.name)
        else format(
            'silhouette {:.3f} is more than {:g} % below the best that passes, {:.3f}',
            ranked.silhouette,
            100 * {{ var('silhouette_tolerance') }},
            ranked.best_silhouette
        )
    end as reason,
    ranked.k,
    ranked.customers,
    ranked.clusters_found,
    ranked.smallest_share,
    ranked.noise_share,
    ranked.silhouette,
    ranked.calinski_harabasz,
    ranked.davies_bouldin,
    ranked.bic,
    ranked.explained_variance,
    ranked.bootstrap_samples,
    ranked.bootstrap_draws,
    ranked.min_jaccard,
    ranked.mean_adjusted_rand,
    ranked.is_finalist,
    ranked.is_eligible,
    ranked.preference = 1 and ranked.is_usable as is_chosen,
    ranked.preference = 1 and ranked.is_usable and not ranked.is_eligible and not ranked.is_forced as is_fallback
from ranked
left join winners
    on ranked.segmentation = winners.segmentation
