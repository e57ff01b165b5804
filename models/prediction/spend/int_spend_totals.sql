{#- What was known at a date, of the 90 days before it and after it. -#}
{%- set is_recent = is_sold_within(
    'shop_days', 'cutoffs.cutoff_date - 90', 'cutoffs.cutoff_date'
) %}
{%- set is_next = is_sold_within(
    'shop_days', 'cutoffs.cutoff_date', 'cutoffs.cutoff_date + 90'
) %}
{#- The same 90 days a year before, and the weeks before them and before the date. -#}
{%- set weeks = 'cast(7 * weeks.week_count as integer)' %}
{%- set is_season = is_sold_within('shop_days', 'weeks.same_date', 'weeks.same_date + 90') %}
{%- set is_recent_weeks = is_sold_within(
    'shop_days', 'weeks.cutoff_date - ' ~ weeks, 'weeks.cutoff_date'
) %}
{%- set is_same_weeks = is_sold_within(
    'shop_days', 'weeks.same_date - ' ~ weeks, 'weeks.same_date'
) %}
-- What customers known at an origin will spend together in the 90 days after it, where the
-- transactions hold the same 90 days a year before: what the shop sold then, times the growth of
-- like-for-like weeks, times the part that customers known by then buy. Where they don't, nobody
-- knows the season: there is no total, and the recent rate that customer models learn goes on.
with origins as (

    select distinct
        prediction_run,
        origin_date,
        history_from
    from {{ ref('int_prediction_origins') }}
    where task = 'forecast'

),

order_events as (

    select * from {{ ref('int_order_events_daily') }}

),

cancellation_matches as (

    select * from {{ ref('int_cancellation_matches') }}

),

spend_events as (

    {{ spend_events('order_events', 'cancellation_matches') | indent(4) }}

),

first_sales as (

    select
        customer_id,
        min(sale_date) as first_sale_date
    from spend_events
    group by 1

),

-- A row per day and not per customer: every window below is a sum of these.
shop_days as (

    select
        first_sales.first_sale_date,
        spend_events.sale_date,
        spend_events.known_date,
        sum(spend_events.amount) as amount,
        -- The more of the money hangs on few sales, the more of it is chance.
        sum(spend_events.amount * spend_events.amount) filter (where spend_events.amount > 0)
            as squares
    from spend_events
    inner join first_sales
        on spend_events.customer_id = first_sales.customer_id
    group by 1, 2, 3

),

customer_counts as (

    select
        origins.prediction_run,
        origins.origin_date,
        count(first_sales.customer_id) as customer_count
    from origins
    left join first_sales
        on origins.origin_date >= first_sales.first_sale_date
    group by 1, 2

),

-- The same forecast is made from dates before each origin, to see how far it was off.
steps as (

    select cast(unnest(range(25)) as integer) as step

),

cutoffs as (

    select distinct
        origins.origin_date - 30 * steps.step as cutoff_date,
        origins.history_from
    from origins
    inner join steps
        on origins.origin_date - 30 * steps.step >= origins.history_from

),

recent_windows as (

    select
        cutoffs.cutoff_date,
        cutoffs.history_from,
        sum(shop_days.amount) filter (
            where
            {{ is_recent | indent(12) }}
        ) as recent_amount,
        sum(shop_days.amount) filter (
            where
            {{ is_recent | indent(12) }}
            and shop_days.first_sale_date <= cutoffs.cutoff_date - 90
        ) as recent_known_amount,
        -- What followed: only a later origin may look at it.
        sum(shop_days.amount) filter (
            where
            {{ is_next | indent(12) }}
            and shop_days.first_sale_date <= cutoffs.cutoff_date
        ) as observed_amount
    from cutoffs
    inner join shop_days
        on
            cutoffs.cutoff_date - 90 < shop_days.sale_date
            and cutoffs.cutoff_date + 90 >= shop_days.sale_date
    group by 1, 2

),

-- A month of history before the window shows who was known.
known_shares as (

    select
        cutoff_date,
        observed_amount,
        recent_known_amount,
        case
            when
                cutoff_date - 90 >= history_from + 30
                and recent_amount > 0
                and recent_known_amount > 0
                then cast(recent_known_amount as double) / cast(recent_amount as double)
        end as known_share
    from recent_windows

),

year_numbers as (

    select cast(unnest([1, 2, 3]) as integer) as year_number

),

years_before as (

    select
        cutoffs.cutoff_date,
        year_numbers.year_number,
        cutoffs.history_from,
        cutoffs.cutoff_date - {{ year_days() }} * year_numbers.year_number as same_date
    from cutoffs
    inner join year_numbers
        on
            cutoffs.history_from
            <= cutoffs.cutoff_date - {{ year_days() }} * year_numbers.year_number + 1

),

-- Half a year of whole weeks at most, of those that both years hold.
weeks as (

    select
        cutoff_date,
        year_number,
        same_date,
        least(26, (same_date - history_from + 1) // 7) as week_count
    from years_before

),

seasons as (

    select
        weeks.cutoff_date,
        weeks.year_number,
        weeks.week_count,
        sum(shop_days.amount) filter (
            where
            {{ is_season | indent(12) }}
        ) as season_amount,
        sum(shop_days.amount) filter (
            where
            {{ is_recent_weeks | indent(12) }}
        ) as recent_weeks_amount,
        sum(shop_days.amount) filter (
            where
            {{ is_same_weeks | indent(12) }}
        ) as same_weeks_amount,
        sum(shop_days.squares) filter (
            where
            {{ is_season | indent(12) }}
        ) as season_squares,
        sum(shop_days.squares) filter (
            where
            {{ is_recent_weeks | indent(12) }}
        ) as recent_weeks_squares,
        sum(shop_days.squares) filter (
            where
            {{ is_same_weeks | indent(12) }}
        ) as same_weeks_squares
    from weeks
    inner join shop_days
        on
            weeks.same_date - 7 * 26 < shop_days.sale_date
            and weeks.cutoff_date >= shop_days.sale_date
    group by 1, 2, 3

),

in_doubles as (

    select
        cutoff_date,
        year_number,
        week_count,
        season_amount,
        cast(season_amount as double) as season,
        cast(season_squares as double) as season_squares,
        nullif(cast(recent_weeks_amount as double), 0) as recent_weeks,
        cast(recent_weeks_squares as double) as recent_weeks_squares,
        nullif(cast(same_weeks_amount as double), 0) as same_weeks,
        cast(same_weeks_squares as double) as same_weeks_squares
    from seasons
    where season_amount > 0

),

-- Few weeks, or few sales, say little about a year. The variance of a sum's log is that of a
-- compound Poisson process (squares of the sales by the square of their sum), and by 0.08 for each
-- week more, as weeks differ by weather and holidays. Shops grow by 0.3 or so in a year, in logs:
-- growth counts as far as it exceeds chance (the shrinkage of an empirical Bayes estimate).
growth_weights as (

    select
        *,
        coalesce(
            0.09 / (
                0.09
                + 0.08 / nullif(week_count, 0)
                + recent_weeks_squares / power(recent_weeks, 2)
                + same_weeks_squares / power(same_weeks, 2)
            ),
            0
        ) as growth_weight
    from in_doubles

),

estimates as (

    select
        cutoff_date,
        year_number,
        week_count,
        season_amount,
        ln(season) as log_season,
        coalesce(growth_weight * ln(recent_weeks / same_weeks), 0) as log_growth,
        season_squares / power(season, 2) + 0.09 * (1 - growth_weight) as log_variance
    from growth_weights

),

-- Of several years the geometric mean: a shape that is learned from all of them.
season_totals as (

    select
        cutoff_date,
        count(*) as year_count,
        cast(max_by(week_count, -year_number) as integer) as week_count,
        max_by(season_amount, -year_number) as season_amount,
        exp(avg(cast(log_growth as decimal(18, 9)))) as growth,
        avg(cast(log_variance as decimal(18, 9))) as log_variance,
        exp(avg(cast(log_season + log_growth as decimal(18, 9)))) as shop_amount
    from estimates
    group by 1

),

forecasts as (

    select
        known_shares.cutoff_date,
        season_totals.year_count,
        season_totals.week_count,
        season_totals.season_amount,
        season_totals.growth,
        season_totals.log_variance,
        known_shares.known_share,
        season_totals.shop_amount * known_shares.known_share as total_amount,
        ln(
            nullif(greatest(cast(known_shares.observed_amount as double), 0), 0)
            / (season_totals.shop_amount * known_shares.known_share)
        ) as season_error,
        ln(
            nullif(greatest(cast(known_shares.observed_amount as double), 0), 0)
            / nullif(greatest(cast(known_shares.recent_known_amount as double), 0), 0)
        ) as recent_error
    from known_shares
    left join season_totals
        on known_shares.cutoff_date = season_totals.cutoff_date

),

-- Windows a month apart overlap, so three of them count as one.
past_errors as (

    select
        origins.prediction_run,
        origins.origin_date,
        count(forecasts.season_error) / 3 as season_count,
        coalesce(
            sum(cast(forecasts.season_error * forecasts.season_error as decimal(18, 9))), 0
        ) / 3 as season_squares,
        avg(cast(forecasts.recent_error * forecasts.recent_error as decimal(18, 9)))
            as recent_square
    from origins
    left join forecasts
        on
            origins.origin_date >= forecasts.cutoff_date + 90
            and (origins.origin_date - forecasts.cutoff_date) % 30 = 0
    group by 1, 2

),

-- The standard deviation of the log of observed by expected. Without any evidence it is 0.2 where
-- the season is known, more where few weeks or sales show it, and at least 0.6 where it is not: a
-- quarter may bring half or twice of the one before.
joined as (

    select
        origins.prediction_run,
        origins.origin_date,
        customer_counts.customer_count,
        forecasts.year_count,
        forecasts.week_count,
        forecasts.season_amount,
        forecasts.growth,
        forecasts.total_amount,
        coalesce(forecasts.total_amount > 0, false) as is_season_known,
        case
            when forecasts.total_amount > 0
                then sqrt(
                    (4 * 0.04 + past_errors.season_squares) / (4 + past_errors.season_count)
                    + forecasts.log_variance
                )
            else sqrt(greatest(0.36, coalesce(past_errors.recent_square, 0)))
        end as log_deviation
    from origins
    inner join customer_counts
        on
            origins.prediction_run = customer_counts.prediction_run
            and origins.origin_date = customer_counts.origin_date
    inner join past_errors
        on
            origins.prediction_run = past_errors.prediction_run
            and origins.origin_date = past_errors.origin_date
    left join forecasts
        on origins.origin_date = forecasts.cutoff_date

)

select
    prediction_run,
    case
        when is_season_known then 'same season a year before'
        else 'recent rate, season not known'
    end as basis,
    case
        when not is_season_known
            then concat(
                'season not known: the transactions do not hold the same 90 days a year before, ',
                'so the recent rate goes on and the interval is wide'
            )
        else concat(
            format(
                'season known: the same 90 days a year before brought {:,.0f}',
                cast(season_amount as double)
            ),
            case
                when year_count > 1 then format(' (the shape is that of {} years)', year_count)
            end,
            case
                when week_count = 0 then ', and no like-for-like week shows the growth'
                else format(
                    ', counted with a growth of {:+.1f} % by {} like-for-like {}',
                    100 * (growth - 1),
                    week_count,
                    case when week_count = 1 then 'week' else 'weeks' end
                )
            end
        )
    end as season,
    customer_count,
    case when is_season_known then cast(total_amount as decimal(18, 2)) end as total_amount,
    -- Nine quarters of ten lie between these multiples of what is expected.
    exp(-1.645 * log_deviation) as low_factor,
    exp(1.645 * log_deviation) as high_factor,
    is_season_known,
    origin_date
from joined
