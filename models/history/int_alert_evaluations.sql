{%- set least_customers, least_stops, one_sided_95 = var('min_test_customers'), 30, 1.645 %}
{%- set default_model = default_alert_model() %}

-- How good the rules for overdue alerts are. The one that finds the most of who stopped, less what
-- it alerts of the others, is chosen on the earlier month ends, and used if it is better than the
-- default rule on the last one too, by more than chance.
with backtest as (

    select * from {{ ref('int_alert_backtest') }}

),

models as (

    {% for model in alert_models() %}
    select
        '{{ model.name }}' as model,
        {{ loop.index }} as simplicity_rank
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- Changes injected at month ends.
replayed as (

    select
        model,
        count(*) as customer_count,
        count(*) filter (where is_alerted_in_four_weeks) as alerted_in_four_weeks,
        count(*) filter (where is_stopped) as stopped,
        count(*) filter (where is_alerted) as alerted,
        count(*) filter (where is_alerted and is_stopped) as rightly_alerted,
        median(alert_date - as_of_date) filter (where is_alerted and is_stopped)
            as median_delay_days,
        min(as_of_date) as first_date,
        cast(max(as_of_date + horizon_days) as date) as last_date
    from backtest
    where is_replayed
    group by 1

),

replayed_metrics as (

    select
        model,
        'changes injected at month ends' as split,
        unnest([
            'precision', 'recall', 'median_delay_days', 'warnings_per_1000_customers_a_week'
        ]) as metric,
        unnest([
            rightly_alerted / nullif(alerted, 0),
            rightly_alerted / nullif(stopped, 0),
            cast(median_delay_days as double),
            1000 * alerted_in_four_weeks / customer_count / 4
        ]) as value,
        unnest([alerted, stopped, rightly_alerted, customer_count]) as sample_size,
        cast(null as double) as score_from,
        cast(null as varchar) as note,
        first_date,
        last_date
    from replayed

),

-- Who stopped in truth. A choice is never judged on the month ends that it was made on.
observed as (

    select
        *,
        case
            when as_of_date = max(as_of_date) over () then 'real stops at the last month end'
            else 'real stops at earlier month ends'
        end as split,
        cast(is_alerted_by_then as integer) as alert
    from backtest
    where is_observed

),

real_counts as (

    select
        model,
        split,
        count(*) filter (where is_gone) as stopped,
        count(*) filter (where not is_gone) as went_on,
        count(*) filter (where is_alerted_by_then) as alerted,
        count(*) filter (where is_alerted_by_then and is_gone) as rightly_alerted,
        any_value(stop_horizon_days) as stop_horizon_days,
        min(as_of_date) as first_date,
        cast(max(as_of_date + stop_horizon_days) as date) as last_date
    from observed
    group by 1, 2

),

real_shares as (

    select
        *,
        rightly_alerted / nullif(alerted, 0) as alert_precision,
        rightly_alerted / nullif(stopped, 0) as recall,
        -- Youden's index: found of those who stopped, less alerted of those who did not.
        rightly_alerted / nullif(stopped, 0)
        - (alerted - rightly_alerted) / nullif(went_on, 0) as informedness
    from real_counts

),

real_metrics as (

    select
        model,
        split,
        unnest(['precision', 'recall', 'informedness']) as metric,
        unnest([alert_precision, recall, informedness]) as value,
        unnest([alerted, stopped, stopped + went_on]) as sample_size,
        cast(null as double) as score_from,
        concat(
            'at a month end, of customers who had ordered in the ', stop_horizon_days,
            ' days before; no order in the ', stop_horizon_days, ' days after is a stop'
        ) as note,
        first_date,
        last_date
    from real_shares

),

-- On one month end each customer counts once, so the lead over the default rule is the difference
-- of two means of single customers.
compared as (

    select
        rules.model,
        rules.is_gone,
        rules.alert - defaults.alert as difference
    from observed as rules
    inner join observed as defaults
        on
            rules.as_of_date = defaults.as_of_date
            and rules.customer_id = defaults.customer_id
            and defaults.model = '{{ default_model }}'
    where rules.split = 'real stops at the last month end'

),

differences as (

    select
        model,
        is_gone,
        count(*) as customer_count,
        avg(difference) as mean_difference,
        -- By sums of whole numbers, as sums of doubles depend on their order.
        avg(difference * difference) - pow(avg(difference), 2) as variance
    from compared
    group by 1, 2

),

leads as (

    select
        model,
        sum(customer_count) as customer_count,
        sum(customer_count) filter (where is_gone) as stopped,
        sum(case when is_gone then mean_difference else -mean_difference end) as lead,
        sum(case when is_gone then mean_difference else -mean_difference end)
        - {{ one_sided_95 }} * sqrt(sum(variance / customer_count)) as lead_lower_bound
    from differences
    group by 1

),

lead_metrics as (

    select
        leads.model,
        real_shares.split,
        'lead_lower_bound' as metric,
        leads.lead_lower_bound as value,
        leads.customer_count as sample_size,
        cast(null as double) as score_from,
        cast(null as varchar) as note,
        real_shares.first_date,
        real_shares.last_date
    from leads
    inner join real_shares
        on
            leads.model = real_shares.model
            and real_shares.split = 'real stops at the last month end'
    where leads.model <> '{{ default_model }}'

),

candidates as (

    select
        models.model,
        earlier.informedness,
        last_month_end.stop_horizon_days,
        last_month_end.informedness as later_informedness,
        leads.lead,
        leads.lead_lower_bound,
        leads.customer_count,
        leads.stopped,
        last_month_end.first_date,
        last_month_end.last_date,
        -- The best on earlier month ends; of equals the simplest.
        row_number() over (
            order by earlier.informedness desc nulls last, models.simplicity_rank asc
        ) = 1 as is_best
    from models
    left join real_shares as earlier
        on
            models.model = earlier.model
            and earlier.split = 'real stops at earlier month ends'
    left join real_shares as last_month_end
        on
            models.model = last_month_end.model
            and last_month_end.split = 'real stops at the last month end'
    left join leads
        on models.model = leads.model

),

verdicts as (

    select
        *,
        case
            when informedness is null
                then 'too early to say: that needs two month ends with 90 days after them'
            when model = '{{ default_model }}' then 'the best at earlier month ends'
            when
                customer_count < {{ least_customers }}
                or coalesce(stopped, 0) < {{ least_stops }}
                then concat(
                    'too early to say: ', customer_count, ' customers at the last month end, of ',
                    'whom ', coalesce(stopped, 0), ' stopped; {{ least_customers }} and ',
                    '{{ least_stops }} are needed'
                )
            when coalesce(lead_lower_bound, 0) <= 0
                then concat(
                    '"', model, '" was the best at earlier month ends, but its lead at the last ',
                    'one may be chance'
                )
        end as objection
    from candidates
    where is_best

),

chosen as (

    select
        case when objection is null then model else '{{ default_model }}' end as model,
        coalesce(
            objection,
            concat(
                'better than "{{ default_model }}" at earlier month ends, and at the last one, by ',
                'more than chance'
            )
        ) as note
    from verdicts

),

choice as (

    select
        chosen.model,
        'rule in use' as split,
        'informedness' as metric,
        candidates.later_informedness as value,
        coalesce(candidates.customer_count, 0) as sample_size,
        cast(null as double) as score_from,
        chosen.note,
        candidates.first_date,
        candidates.last_date
    from chosen
    inner join candidates
        on chosen.model = candidates.model

),

-- Today's probabilities go by all month ends; those by the earlier ones show on the last one how
-- honest they are.
calibrations as (

    select unnest(['real stops at all month ends', 'real stops at earlier month ends'])
        as calibrated_on

),

-- Which share stopped of customers with such a score: what the probability of an alert is. Every
-- customer has a score, whatever the rule.
scored as (

    select
        calibrations.calibrated_on,
        observed.*,
        ntile(10) over (
            partition by calibrations.calibrated_on
            order by observed.stopped_score, observed.as_of_date, observed.customer_id
        ) as score_bin
    from observed
    inner join calibrations
        on calibrations.calibrated_on in ('real stops at all month ends', observed.split)
    where
        observed.model = '{{ default_model }}'
        and observed.stopped_score is not null

),

score_bins as (

    select
        calibrated_on,
        score_bin,
        min(stopped_score) as score_from,
        count(*) as customer_count,
        count(*) filter (where is_gone) as stopped,
        min(as_of_date) as first_date,
        cast(max(as_of_date + stop_horizon_days) as date) as last_date
    from scored
    group by 1, 2

),

all_scored as (

    select
        calibrated_on,
        sum(stopped) / sum(customer_count) as stopped_share
    from score_bins
    group by 1

),

-- Small bins lean on all customers, and a higher score is never a lower probability.
stopped_shares as (

    select
        score_bins.*,
        max(
            (score_bins.stopped + 10 * all_scored.stopped_share) / (score_bins.customer_count + 10)
        ) over (
            partition by score_bins.calibrated_on
            order by score_bins.score_bin
        ) as stopped_share
    from score_bins
    inner join all_scored
        on score_bins.calibrated_on = all_scored.calibrated_on

),

probabilities as (

    select
        'stopped score' as model,
        calibrated_on as split,
        'stopped_share' as metric,
        stopped_share as value,
        customer_count as sample_size,
        score_from,
        cast(null as varchar) as note,
        first_date,
        last_date
    from stopped_shares
    where calibrated_on = 'real stops at all month ends'

),

earlier_stopped_shares as (

    select * from stopped_shares
    where calibrated_on = 'real stops at earlier month ends'

),

-- Without any earlier month end nothing says how often such customers stop.
earlier_bins as (

    select count(*) as bin_count
    from earlier_stopped_shares

),

alerts_at_last_month_end as (

    select
        observed.model,
        observed.customer_id,
        observed.as_of_date,
        observed.stop_horizon_days,
        observed.is_gone,
        observed.stopped_score,
        max(earlier_stopped_shares.stopped_share) as stopped_share
    from observed
    cross join earlier_bins
    left join earlier_stopped_shares
        on observed.stopped_score >= earlier_stopped_shares.score_from
    where
        observed.split = 'real stops at the last month end'
        and observed.alert = 1
        and earlier_bins.bin_count > 0
    group by 1, 2, 3, 4, 5, 6

),

promised as (

    select
        *,
        coalesce(stopped_share, stopped_score) as probability,
        cast(is_gone as integer) as stopped
    from alerts_at_last_month_end

),

calibration as (

    select
        model,
        -- Decimal, as sums of doubles depend on their order.
        avg(cast(probability as decimal(18, 12))) as mean_probability,
        avg(cast(pow(probability - stopped, 2) as decimal(18, 12))) as brier_score,
        count(*) as sample_size,
        any_value(stop_horizon_days) as stop_horizon_days,
        min(as_of_date) as first_date,
        cast(max(as_of_date + stop_horizon_days) as date) as last_date
    from promised
    group by 1

),

calibration_metrics as (

    select
        model,
        'real stops at the last month end' as split,
        unnest(['mean_probability', 'brier_score']) as metric,
        unnest([cast(mean_probability as double), cast(brier_score as double)]) as value,
        sample_size,
        cast(null as double) as score_from,
        concat(
            'the probability of each alert that no order comes in ', stop_horizon_days,
            ' days, by the earlier month ends: the precision is what was observed'
        ) as note,
        first_date,
        last_date
    from calibration

),

evaluations as (

    select * from replayed_metrics

    union all

    select * from real_metrics

    union all

    select * from lead_metrics

    union all

    select * from choice

    union all

    select * from probabilities

    union all

    select * from calibration_metrics

)

select
    model,
    split,
    metric,
    cast(value as double) as value,
    cast(sample_size as bigint) as sample_size,
    score_from,
    model in ('over 90 days', 'typical gap of the shop') as is_baseline,
    note,
    first_date,
    last_date
from evaluations
where
    value is not null
    or split = 'rule in use'
