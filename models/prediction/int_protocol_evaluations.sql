-- The public exercise: how many customers of the last two whole months are told their cluster, beside the largest one.
with told as (

    select
        model,
        settings,
        actual,
        outcome
    from {{ ref('public_protocol') }}

),

largest as (

    select actual
    from told
    group by actual
    order by count(*) desc, actual asc
    limit 1

),

judged as (

    select
        model,
        settings,
        false as is_baseline,
        actual,
        outcome
    from told

    union all

    select
        'majority' as model,
        'of the judged customers' as settings,
        true as is_baseline,
        told.actual,
        largest.actual as outcome
    from told
    cross join largest
    where told.model = 'soft_vote'

)

select
    'public protocol' as task,
    model,
    settings,
    'last two whole months and since' as split,
    'accuracy' as metric,
    0 as horizon_days,
    count(*) filter (where actual = outcome) / count(*) as value,
    count(*) as sample_size,
    is_baseline
from judged
group by all
