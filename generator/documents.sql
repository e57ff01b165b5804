-- The orders of one chunk, and every invoice that follows from them.

create or replace temp table orders as
with expected as (
    select
        *,
        (leaves_at - joins_at) / 365000 * orders_per_year as expected_orders
    from people
),

candidates as (
    select
        person_number,
        person_key,
        archetype_number,
        joins_at,
        leaves_at,
        orders_per_year,
        -- Four deviations above the expected number of further orders and three more: practically
        -- nobody is cut short.
        unnest(range(0, 1 + case
            when orders_per_year = 0 then 0
            else ceil(expected_orders + 4 * sqrt(expected_orders) + 3)
        end::bigint)) as order_number
    from expected
),

-- Exponential gaps make a Poisson process; whole numbers make its running sum exact.
gaps as (
    select
        *,
        child_key(person_key, order_number) as order_key,
        case
            when order_number = 0 then 0
            else
                floor(
                    -ln(uniform(child_key(person_key, order_number), 'gap'))
                    * 365000 / orders_per_year
                )
        end::bigint as gap
    from candidates
),

timed as (
    select
        person_number,
        archetype_number,
        order_number,
        order_key,
        leaves_at,
        joins_at
        + sum(gap) over (partition by person_number order by order_number) as shop_time
    from gaps
),

dated as (
    select
        timed.person_number,
        timed.order_number,
        timed.order_key,
        shop_days.shop_date
    from timed
    asof inner join shop_days
        on
            timed.archetype_number = shop_days.archetype_number
            and timed.shop_time >= shop_days.starts_at
    where timed.shop_time < timed.leaves_at
)

select
    dated.person_number,
    dated.order_number,
    dated.order_key,
    dated.shop_date
    + to_hours(hour_slots.item_number)
    + to_minutes(floor(60 * uniform(dated.order_key, 'minute'))::integer) as ordered_at,
    least(
        400,
        greatest(1, round(people.lines_per_order * exp(0.5 * deviation(dated.order_key, 'lines'))))
    )::integer as line_count,
    -- The customer's staple is bought again and again, always as the first line.
    uniform(dated.order_key, 'staple') < 0.3 as has_staple,
    case
        when uniform(dated.order_key, 'other country') < 0.35
            then coalesce(people.other_country_number, people.country_number)
        else people.country_number
    end as country_number,
    uniform(dated.order_key, 'cancellation') as cancellation_roll
from dated
inner join people on dated.person_number = people.person_number
inner join hour_slots on slot_number(0, uniform(dated.order_key, 'hour')) = hour_slots.slot;

-- Fees and postage that an order brings with it. Everyone an order counts as is a row, so that this
-- is an equality join.
create or replace temp table order_fees as
with charged as (
    select
        orders.person_number,
        orders.order_number,
        orders.order_key,
        orders.ordered_at,
        unnest([
            'everyone',
            'nobody',
            case when people.is_guest then 'guest' end,
            case when not countries.is_home then 'abroad' end,
            countries.country,
        ]) as charged_to
    from orders
    inner join people on orders.person_number = people.person_number
    inner join countries on orders.country_number = countries.country_number
)

select
    charged.person_number,
    charged.order_number,
    charged.order_key,
    charged.ordered_at,
    fees.fee_number,
    fees.booked_on
from charged
inner join fees on charged.charged_to = fees.charged_to
where uniform(xor(charged.order_key, fees.fee_key), 'fee') < fees.rate * dirt_rate('fee_code');

create or replace temp table documents as
with sales as (
    select
        person_number,
        order_number,
        'sale' as kind,
        1 as part,
        order_key as document_key,
        ordered_at as documented_at
    from orders
),

cancelled_orders as (
    select
        *,
        case
            when cancellation_roll < dirt_rate('cancelled_order') then 'cancelled_order'
            when cancellation_roll < dirt_rate('cancelled_order') + dirt_rate('cancelled_line')
                then 'cancelled_line'
            when
                cancellation_roll
                < dirt_rate('cancelled_order')
                + dirt_rate('cancelled_line')
                + dirt_rate('cancelled_part')
                then 'cancelled_part'
            when
                cancellation_roll
                < dirt_rate('cancelled_order')
                + dirt_rate('cancelled_line')
                + dirt_rate('cancelled_part')
                + dirt_rate('cancelled_twice')
                then 'cancelled_twice'
        end as kind
    from orders
),

events as (
    select
        person_number,
        order_number,
        order_key,
        ordered_at,
        kind,
        unnest(range(1, case when kind = 'cancelled_twice' then 3 else 2 end))::integer as part
    from cancelled_orders
    where kind is not null
    union all
    select
        person_number,
        order_number,
        order_key,
        ordered_at,
        'cancelled_across_sales' as kind,
        1 as part
    from orders
    where
        has_staple
        and order_number > 0
        and uniform(order_key, 'across sales') < dirt_rate('cancelled_across_sales')
    union all
    select
        person_number,
        order_number,
        order_key,
        ordered_at,
        'cancelled_without_sale' as kind,
        1 as part
    from orders
    where
        order_number = 0
        and person_number >= 0
        and uniform(order_key, 'without sale') < dirt_rate('cancelled_without_sale')
    union all
    select
        person_number,
        order_number,
        order_key,
        ordered_at,
        'stock_adjustment' as kind,
        1 as part
    from orders
    where uniform(order_key, 'adjustment') < dirt_rate('stock_adjustment')
    union all
    select
        person_number,
        order_number,
        order_key,
        ordered_at,
        'fee' as kind,
        fee_number as part
    from order_fees
    where booked_on = 'cancellation'
),

keyed as (
    select
        *,
        child_key(order_key, purpose_number(kind || part)) as document_key
    from events
),

-- What cancels without a sale cancels one older than the log: it stands before the customer's first
-- order, by more days
-- than the shop is ever closed in a row.
targeted as (
    select
        *,
        ordered_at::date + case
            when
                kind = 'cancelled_without_sale'
                then -4 - floor(-30 * ln(uniform(document_key, 'delay')))
            when kind in ('stock_adjustment', 'fee') then 0
            else 1 + floor(-12 * ln(uniform(document_key, 'delay')))
        end::integer as target_date
    from keyed
),

open_days as (
    select distinct shop_date from shop_days
),

-- An event on a closed day waits for the next open one; events after the last day are not in the
-- log.
dated as (
    select
        targeted.person_number,
        targeted.order_number,
        targeted.kind,
        targeted.part,
        targeted.document_key,
        open_days.shop_date
        + to_hours(hour_slots.item_number)
        + to_minutes(floor(60 * uniform(targeted.document_key, 'minute'))::integer) as documented_at
    from targeted
    asof inner join open_days on targeted.target_date <= open_days.shop_date
    inner join
        hour_slots
        on slot_number(0, uniform(targeted.document_key, 'hour')) = hour_slots.slot
    where targeted.target_date >= getvariable('first_day')::date
),

everything as (
    select * from sales
    union all
    select * from dated
),

with_header as (
    select
        everything.person_number,
        everything.order_number,
        everything.kind,
        everything.part,
        everything.document_key,
        everything.documented_at,
        everything.kind not in ('sale', 'stock_adjustment') as is_cancelling,
        -- Null where a document concerns every line of its order.
        case
            when everything.kind in ('cancelled_line', 'cancelled_part', 'cancelled_twice')
                then
                    1
                    + floor(
                        orders.line_count * uniform(orders.order_key, 'cancelled line')
                    )::integer
            when everything.kind = 'cancelled_across_sales' then 1
        end as cancelled_line_number,
        people.favourite_category,
        countries.country,
        case
            when
                everything.kind = 'stock_adjustment'
                and uniform(everything.document_key, 'customer')
                >= dirt_rate('adjustment_with_customer')
                then null
            when everything.kind = 'fee' and fees.charged_to = 'nobody' then null
            else people.customer_id
        end as customer_id
    from everything
    inner join orders
        on
            everything.person_number = orders.person_number
            and everything.order_number = orders.order_number
    inner join people on everything.person_number = people.person_number
    inner join countries on orders.country_number = countries.country_number
    left join fees on everything.part = fees.fee_number
),

-- Chunks take turns in the numbers: no two share one and numbers still grow with time, without a
-- sort of all chunks.
invoiced as (
    select
        *,
        500001 + getvariable('chunk_index') + getvariable('chunk_count') * (
            row_number() over (order by documented_at, person_number, order_number, kind, part) - 1
        ) as invoice_number
    from with_header
)

select
    *,
    case when is_cancelling then 'C' else '' end || invoice_number as invoice_id
from invoiced;
