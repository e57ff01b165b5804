with population as (

    select
        cast(recency_days as decimal(18, 2)) as recency_days,
        cast(frequency as decimal(18, 2)) as frequency,
        monetary
    from {{ ref('int_backtest_population') }}

),

{{ fit_cut_points('population') }}

select
    measure,
    cut_number,
    cast(cut_point as decimal(18, 2)) as cut_point
from cut_points
