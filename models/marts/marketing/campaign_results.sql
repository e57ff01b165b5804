{%- set arms = {'treatment': 'not is_control', 'control': 'is_control'} -%}
{%- set windows = campaign_windows() -%}
{%- set power = normal_quantile('0.975') + normal_quantile('0.8') -%}

-- A table that reads itself: what was reported of a window that is over is compared with what is
-- known by now.
with own_versions as (

    {{ campaign_versions(ref('campaign_members')) | indent(4) }}

),

members as (

    select members.*
    from {{ ref('campaign_members') }} as members
    inner join own_versions
        on members.model_version = own_versions.model_version
    -- An empty one says that nobody was addressed.
    where members.customer_id <> ''

),

as_of as (

    select as_of_date
    from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

),

-- What is known by now: later cancellations count against the order that they cancel.
orders as (

    select
        states.customer_id,
        states.order_date,
        states.amount
    from {{ ref('int_order_states_scd2') }} as states
    inner join as_of
        on {{ is_valid_on('states', 'as_of.as_of_date') | indent(12) }}
    where states.is_net

),

spend as (

    select
        members.model_version,
        members.campaign,
        members.customer_id,
        members.is_control,
        {% for days in windows %}
        count(orders.order_date) filter (
            where orders.order_date < members.start_date + {{ days }}
        ) as orders_{{ days }},
        cast(coalesce(
            sum(orders.amount) filter (
                where orders.order_date < members.start_date + {{ days }}
            ),
            0
        ) as decimal(18, 2)) as revenue_{{ days }},
        {% endfor %}
        members.monetary as spend_before
    from members
    left join orders
        on
            members.customer_id = orders.customer_id
            and orders.order_date >= members.start_date
            and orders.order_date < members.start_date + {{ windows | max }}
    group by
        members.model_version,
        members.campaign,
        members.customer_id,
        members.is_control,
        members.monetary

),

customer_windows as (

    {% for days in windows %}
    select
        model_version,
        campaign,
        {{ days }} as window_days,
        is_control,
        spend_before,
        orders_{{ days }} as order_count,
        revenue_{{ days }} as revenue
    from spend
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- Exact sums, whose order changes nothing.
sums as (

    select
        {% for arm, is_in in arms.items() %}
        count(*) filter (where {{ is_in }}) as {{ arm }}_customer_count,
        count(*) filter (where {{ is_in }} and order_count > 0) as {{ arm }}_buyer_count,
        coalesce(sum(order_count) filter (where {{ is_in }}), 0) as {{ arm }}_order_count,
        coalesce(sum(revenue) filter (where {{ is_in }}), 0) as {{ arm }}_revenue,
        cast(sum(revenue * revenue) filter (where {{ is_in }}) as double)
            as {{ arm }}_revenue_squares,
        cast(sum(spend_before) filter (where {{ is_in }}) as double) as {{ arm }}_before,
        cast(sum(spend_before * spend_before) filter (where {{ is_in }}) as double)
            as {{ arm }}_before_squares,
        cast(sum(revenue * spend_before) filter (where {{ is_in }}) as double)
            as {{ arm }}_products,
        {% endfor %}
        model_version,
        campaign,
        window_days
    from customer_windows
    group by model_version, campaign, window_days

),

campaigns as (

    select distinct
        model_version,
        campaign,
        segmentation,
        segment,
        condition,
        expected_lift,
        start_date,
        end_date,
        decided_on
    from members

),

windows as (

    select
        sums.*,
        campaigns.segmentation,
        campaigns.segment,
        campaigns.condition,
        campaigns.expected_lift,
        campaigns.start_date,
        campaigns.end_date,
        campaigns.start_date + (sums.window_days - 1) as window_end_date,
        campaigns.decided_on,
        as_of.as_of_date,
        window_end_date <= as_of.as_of_date as is_complete
    from sums
    inner join campaigns
        on
            sums.model_version = campaigns.model_version
            and sums.campaign = campaigns.campaign
    cross join as_of

),

moments as (

    select
        *,
        {% for arm in arms %}
        cast({{ arm }}_buyer_count as double) / nullif({{ arm }}_customer_count, 0)
            as {{ arm }}_conversion,
        cast({{ arm }}_revenue as double) / nullif({{ arm }}_customer_count, 0)
            as {{ arm }}_mean,
        {{ arm }}_before / nullif({{ arm }}_customer_count, 0) as {{ arm }}_mean_before,
        -- Sums of squared deviations from the mean, and of their products.
        greatest(
            {{ arm }}_revenue_squares - {{ arm }}_mean * cast({{ arm }}_revenue as double), 0
        ) as {{ arm }}_deviations,
        greatest({{ arm }}_before_squares - {{ arm }}_mean_before * {{ arm }}_before, 0)
            as {{ arm }}_deviations_before,
        {{ arm }}_products - {{ arm }}_mean * {{ arm }}_before as {{ arm }}_codeviations,
        {% endfor %}
        least(treatment_customer_count, control_customer_count) as smaller_customer_count,
        smaller_customer_count * cast(treatment_buyer_count + control_buyer_count as double)
        / (treatment_customer_count + control_customer_count) as expected_buyers,
        is_complete and smaller_customer_count >= {{ least_campaign_customers() }} as is_measured,
        is_measured and expected_buyers >= {{ least_campaign_buyers() }} as is_enough
    from windows

),

-- What a customer spent before explains a part of what they spend now, by chance and not by the
-- campaign: that part is taken off (CUPED, Deng and others 2013; with a slope of both groups it is
-- the analysis of covariance).
slopes as (

    select
        *,
        treatment_deviations + control_deviations as deviations,
        treatment_deviations_before + control_deviations_before as deviations_before,
        treatment_mean_before - control_mean_before as gap_before,
        coalesce(
            (treatment_codeviations + control_codeviations) / nullif(deviations_before, 0), 0
        ) as slope,
        treatment_customer_count + control_customer_count - 2 as degrees,
        treatment_customer_count + control_customer_count - 3 as adjusted_degrees
    from moments

),

-- One variance for both groups, as without an effect they are alike. A variance for each (Welch
-- 1947) finds effects that aren't there where a small group holds none of the few who buy most:
-- see docs/campaigns.md.
errors as (

    select
        *,
        treatment_conversion - control_conversion as conversion_gap,
        treatment_mean - control_mean as revenue_gap,
        treatment_mean - control_mean - slope * gap_before as adjusted_revenue_gap,
        greatest(deviations - slope * slope * deviations_before, 0)
        / nullif(adjusted_degrees, 0) as adjusted_variance,
        cast(1 as double) / nullif(treatment_customer_count, 0)
        + cast(1 as double) / nullif(control_customer_count, 0) as inverse_sizes,
        sqrt(deviations / nullif(degrees, 0) * inverse_sizes) as standard_error,
        sqrt(
            adjusted_variance
            * (inverse_sizes + coalesce(gap_before * gap_before / nullif(deviations_before, 0), 0))
        ) as adjusted_standard_error
    from slopes

),

-- The interval of the difference of two shares is made of theirs (Newcombe 1998, method 10).
intervals as (

    select
        *,
        {% for variance in ['', 'adjusted_'] %}
        {{ variance }}standard_error
        * {{ student_t_quantile(variance ~ 'degrees') | indent(8) }} as {{ variance }}half_width,
        -- Where nobody's spend differs there is nothing to be unsure of.
        {{ variance }}revenue_gap / nullif({{ variance }}standard_error, 0) as {{ variance }}t,
        {{ student_t_spread(variance ~ 't', variance ~ 'degrees') | indent(8) }}
            as {{ variance }}spread,
        {{ student_t_as_normal(variance ~ 'spread', variance ~ 'degrees') | indent(8) }}
            as {{ variance }}z,
        {{ normal_p_value(variance ~ 'z') | indent(8) }} as {{ variance }}p_value,
        {% endfor %}
        {% for arm in arms %}
        {{ wilson_bound(arm ~ '_conversion', arm ~ '_customer_count', '-') | indent(8) }}
            as {{ arm }}_conversion_low,
        {{ wilson_bound(arm ~ '_conversion', arm ~ '_customer_count', '+') | indent(8) }}
            as {{ arm }}_conversion_high,
        {% endfor %}
        least(control_conversion * (1 + expected_lift), 1) as hoped_conversion
    from errors

),

-- Claims only of windows that are over, and of groups that are large enough.
results as (

    select
        *,
        {% for variance in ['', 'adjusted_'] %}
        case when is_measured then {{ variance }}revenue_gap end
            as {{ variance }}revenue_difference,
        case when is_measured then {{ variance }}revenue_gap - {{ variance }}half_width end
            as {{ variance }}revenue_difference_low,
        case when is_measured then {{ variance }}revenue_gap + {{ variance }}half_width end
            as {{ variance }}revenue_difference_high,
        case when is_measured then {{ variance }}p_value end as {{ variance }}revenue_p_value,
        {% endfor %}
        case when is_measured then conversion_gap end as conversion_difference,
        case
            when is_measured
                then conversion_gap - sqrt(
                    pow(treatment_conversion - treatment_conversion_low, 2)
                    + pow(control_conversion_high - control_conversion, 2)
                )
        end as conversion_difference_low,
        case
            when is_measured
                then conversion_gap + sqrt(
                    pow(treatment_conversion_high - treatment_conversion, 2)
                    + pow(control_conversion - control_conversion_low, 2)
                )
        end as conversion_difference_high,
        -- Of each of two groups of one size, for a power of 80 %.
        case
            when is_complete and hoped_conversion > control_conversion
                then ceil(
                    {{ power * power }} * (
                        control_conversion * (1 - control_conversion)
                        + hoped_conversion * (1 - hoped_conversion)
                    ) / pow(hoped_conversion - control_conversion, 2)
                )
        end as needed_customers_conversion,
        case
            when is_complete and control_mean > 0
                then ceil(
                    {{ 2 * power * power }} * adjusted_variance
                    / pow(expected_lift * control_mean, 2)
                )
        end as needed_customers_revenue
    from intervals

),

judged as (

    select
        *,
        is_enough and (
            conversion_difference_low > 0 or conversion_difference_high < 0
        ) as is_conversion_significant,
        coalesce(is_enough and (
            adjusted_revenue_difference_low > 0 or adjusted_revenue_difference_high < 0
        ), false) as is_significant,
        adjusted_revenue_difference * treatment_customer_count as incremental_revenue,
        case
            when smaller_customer_count = 0 then 'no control group'
            when not is_complete then 'not over yet'
            when not is_enough then 'too few to say'
            when is_significant and adjusted_revenue_difference > 0 then 'gain'
            when is_significant then 'loss'
            else 'no effect shown'
        end as verdict
    from results

),

explained as (

    select
        *,
        concat(
            case
                when verdict = 'no control group'
                    then 'Nothing to compare with: nobody was held out, or everybody was.'
                -- Its members are decided on the day before.
                when verdict = 'not over yet' and start_date > as_of_date
                    then format(
                        'Not begun yet: it starts on {}, and the log ends on {}.',
                        cast(start_date as varchar),
                        cast(as_of_date as varchar)
                    )
                when verdict = 'not over yet'
                    then format(
                        'Not over yet: its {} days last until {}, and the log ends on {}.',
                        window_days,
                        cast(window_end_date as varchar),
                        cast(as_of_date as varchar)
                    )
                when verdict = 'too few to say'
                    then format(
                        concat(
                            'Too few to say: {} of {} customers who were addressed ordered, and ',
                            '{} of {} who were held out.'
                        ),
                        treatment_buyer_count,
                        treatment_customer_count,
                        control_buyer_count,
                        control_customer_count
                    )
                else format(
                    concat(
                        '{}: customers who were addressed spent {} on average than those who were ',
                        'held out{} (95 % interval: {} to {}), adjusted by what they had spent ',
                        'before.'
                    ),
                    case verdict
                        when 'gain' then 'A gain'
                        when 'loss' then 'A loss'
                        else 'No effect shown'
                    end,
                    {{ amount_more_or_less('adjusted_revenue_difference') }},
                    case when verdict = 'no effect shown' then ', which can be chance' else '' end,
                    {{ amount_more_or_less('adjusted_revenue_difference_low') }},
                    {{ amount_more_or_less('adjusted_revenue_difference_high') }}
                )
            end,
            case
                when verdict = 'too few to say' and not is_measured
                    then format(
                        concat(
                            ' Before anything is claimed, each group needs ',
                            '{{ least_campaign_customers() }} customers: the smaller one has {}.'
                        ),
                        smaller_customer_count
                    )
            end,
            case
                when
                    verdict = 'too few to say'
                    and expected_buyers < {{ least_campaign_buyers() }}
                    then format(
                        concat(
                            ' Before anything is claimed, {{ least_campaign_buyers() }} of the ',
                            'smaller group have to order if both groups are alike: here that is ',
                            '{:.1f}.'
                        ),
                        floor(10 * expected_buyers) / 10
                    )
            end,
            case
                when
                    verdict in ('too few to say', 'no effect shown')
                    and needed_customers_revenue is not null
                    then format(
                        concat(
                            ' To find {:.0f} % more spend in {} days four times in five, {:,} ',
                            'customers in each group are needed.'
                        ),
                        100 * expected_lift,
                        window_days,
                        cast(needed_customers_revenue as bigint)
                    )
            end,
            case
                when decided_on >= start_date and smaller_customer_count > 0
                    then format(
                        concat(
                            ' The warehouse first saw this campaign when the log ended on {}, ',
                            'which is not before its start: unless it was sent by this very draw, ',
                            'as from the list of a week''s action or of an earlier build, the ',
                            'difference says nothing.'
                        ),
                        cast(decided_on as varchar)
                    )
            end
        ) as verdict_text
    from judged

),

reported as (

    select reported.*
    from (
        {{ reported_campaign_results() | indent(8) }}
    ) as reported
    inner join own_versions
        on reported.model_version = own_versions.model_version

),

last_reported as (

    select max(as_of_date) as as_of_date
    from reported

),

-- As for the history: a build with an earlier `as_of_date` leaves what was reported as it is.
run as (

    select
        {{ 'false' if var('as_of_date') is none else 'true' }}
        and coalesce(as_of.as_of_date < last_reported.as_of_date, false) as is_earlier_as_of_date
    from as_of
    cross join last_reported

),

-- Rows that arrive late and cancellations restate a window that is over. The mark compares the
-- report with the first one: where lost lines are back, it is as before.
compared as (

    select
        explained.*,
        reported.restatement_count as reported_count,
        reported.restated_on as reported_on,
        coalesce(reported.original_treatment_revenue, reported.treatment_revenue)
            as first_treatment_revenue,
        coalesce(reported.original_control_revenue, reported.control_revenue)
            as first_control_revenue,
        coalesce(
            explained.treatment_revenue <> reported.treatment_revenue
            or explained.control_revenue <> reported.control_revenue,
            false
        ) as is_changed
    from explained
    left join reported
        on
            explained.model_version = reported.model_version
            and explained.campaign = reported.campaign
            and explained.window_days = reported.window_days
            and reported.is_complete
            and explained.is_complete

),

restated as (

    select
        *,
        treatment_mean as treatment_revenue_per_customer,
        control_mean as control_revenue_per_customer,
        coalesce(
            treatment_revenue <> first_treatment_revenue
            or control_revenue <> first_control_revenue,
            false
        ) as is_restated,
        coalesce(reported_count, 0) + cast(is_changed as integer) as restatement_count,
        case when is_restated then first_treatment_revenue end as original_treatment_revenue,
        case when is_restated then first_control_revenue end as original_control_revenue,
        case
            when is_restated and is_changed then as_of_date
            when is_restated then reported_on
        end as restated_on
    from compared

),

results_of_run as (

    select restated.*
    from restated
    inner join run
        on not run.is_earlier_as_of_date

),

results_as_reported as (

    select reported.*
    from reported
    inner join run
        on run.is_earlier_as_of_date

),

all_results as (

    {{ typed_campaign_results('results_of_run') | indent(4) }}

    union all

    {{ typed_campaign_results('results_as_reported') | indent(4) }}

)

select * from all_results
