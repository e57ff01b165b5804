{#-
    SQL: the candidates of `metrics` (a relation) of the active version, by the segmentation that
    each competes for. `failure_reason` is what rules a candidate out before its stability counts,
    null where nothing does. The eight best of each segmentation, and those that a setting asks for,
    are finalists: only their stability may be measured in full, as that is slow. `race` in
    shop_toolkit makes sure of the figures that the choice below rests on.
-#}
{% macro candidates_by_level(metrics) -%}
with active_version as (

    select model_version
    from {{ ref('model_versions') }}
    where is_active

),

metrics as (

    select metrics.*
    from {{ metrics }} as metrics
    inner join active_version
        on metrics.model_version = active_version.model_version

),

levels as (

    select * from {{ ref('cluster_levels') }}

),

forced as (

    {{ forced_candidates() | indent(4) }}

),

assessed as (

    select
        metrics.* exclude (failure_reason),
        coalesce(forced.segmentation, levels.segmentation) as segmentation,
        case
            when metrics.failure_reason is not null then metrics.failure_reason
            when
                metrics.k not between levels.fewest_clusters and levels.most_clusters
                and forced.segmentation is null
                then format(
                    '{} clusters: {} segments are {} to {}',
                    metrics.k,
                    levels.segmentation,
                    levels.fewest_clusters,
                    levels.most_clusters
                )
            when metrics.smallest_share < {{ var('min_segment_share') }}
                then format(
                    'the smallest cluster holds {:.1f} % of the customers, less than {:.1f} %',
                    100 * metrics.smallest_share,
                    100 * {{ var('min_segment_share') }}
                )
        end as failure_reason,
        metrics.k between levels.fewest_clusters and levels.most_clusters as is_in_range,
        forced.segmentation is not null as is_forced
    from metrics
    inner join levels
        on metrics.space = levels.space
    left join forced
        on
            metrics.space = forced.space
            and metrics.algorithm = forced.algorithm
            and metrics.k = forced.k

),

placed as (

    select
        *,
        row_number() over (
            partition by segmentation, failure_reason is null
            order by silhouette desc nulls last, k asc, space asc, algorithm asc
        ) as candidate_rank
    from assessed

)

select
    * exclude (candidate_rank),
    is_forced or (failure_reason is null and candidate_rank <= 8) as is_finalist
from placed
{%- endmacro %}


{#-
    SQL: the candidates of the CTE `measured` (as `candidates_by_level` gives them, with
    bootstrap_samples, bootstrap_draws, min_jaccard and mean_adjusted_rand), ranked within each
    segmentation: whether each passes the gates, whether it is chosen, and why.
-#}
{% macro rank_candidates(measured) -%}
-- Gates first: what rules a candidate out, in the order of the checks.
gated as (

    select
        *,
        case
            when failure_reason is not null then failure_reason
            when not is_finalist
                then 'eight others have a better silhouette: it was not refitted in full'
            when min_jaccard < {{ var('min_stability') }}
                then format(
                    'a cluster is not found again in resamples:'
                    || ' minimum Jaccard {:.2f}, less than {:.2f}',
                    min_jaccard,
                    {{ var('min_stability') }}
                )
        end as failure,
        -- What could be used at all: when nothing passes, the most stable of these is.
        clusters_found >= 2 and min_jaccard is not null and (is_in_range or is_forced) as is_usable
    from {{ measured }}

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
                is_within_tolerance desc,
                case when is_within_tolerance then k end desc nulls last,
                case when is_within_tolerance then silhouette end desc nulls last,
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
                'chosen for want of a better: none of those refitted in full passes,'
                || ' this is the most stable; ',
                ranked.failure
            )
        when ranked.preference = 1 and ranked.silhouette = ranked.best_silhouette
            then format('chosen: the best silhouette of those that pass, {:.3f}', ranked.silhouette)
        when ranked.preference = 1
            then concat(
                'chosen: ',
                {{ silhouette_text('ranked', 'within {:g} % of') | indent(16) }},
                format(', and {} clusters give more to work with', ranked.k)
            )
        when ranked.failure is not null then ranked.failure
        when winners.is_forced then format('passes; a setting asks for {}', winners.name)
        when ranked.is_within_tolerance and ranked.k < winners.k
            then format('as good as {}, which gives more to work with', winners.name)
        when ranked.is_within_tolerance
            then format('passes; {} is preferred', winners.name)
        else {{ silhouette_text('ranked', 'more than {:g} % below') | indent(8) }}
    end as reason,
    ranked.model_version,
    ranked.k,
    ranked.customer_count,
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
    ranked.preference = 1
    and ranked.is_usable
    and not ranked.is_eligible
    and not ranked.is_forced as is_fallback
from ranked
left join winners
    on ranked.segmentation = winners.segmentation
{%- endmacro %}
