-- It warns: the build goes on with the most stable clustering, or with one segment for all, and
-- `cluster_candidates` gives the reason.
{{ config(severity='warn') }}

select
    segmentation,
    concat(
        'No clustering passes the gates for the ', segmentation, ' segments: ',
        coalesce(
            max(concat_ws(' ', space, algorithm, k)) filter (where is_chosen) || ' stands in',
            'all customers are one segment'
        ),
        '. The column reason of cluster_candidates says what each misses.'
    ) as warning
from {{ ref('cluster_candidates') }}
group by 1
having
    count(*) filter (where is_chosen) = 0
    or bool_or(is_fallback)
