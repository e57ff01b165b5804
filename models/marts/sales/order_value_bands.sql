with orders as (

    select * from {{ ref('int_shop_orders') }}
    where not is_anonymous

),

powers_of_ten as (

    select pow(10, unnest(range(-2, 15))) as power_of_ten

),

-- 1, 2, 5, 10, 20, 50 … suits any currency.
round_amounts as (

    select cast(unnest([1, 2, 5]) * power_of_ten as decimal(18, 2)) as round_amount
    from powers_of_ten

),

-- The few smallest and the few largest orders share a band each, or most bands would be nearly
-- empty.
ends as (

    select
        quantile_disc(gross_amount, 0.01) as small_amount,
        quantile_disc(gross_amount, 0.99) as large_amount
    from orders

),

bounds as (

    select round_amounts.round_amount as bound
    from round_amounts
    inner join ends
        on round_amounts.round_amount between ends.small_amount and ends.large_amount

    union

    select 0 as bound

),

bands as (

    select
        row_number() over (order by bound) as band_number,
        bound as lower_bound,
        lead(bound) over (order by bound) as upper_bound
    from bounds

),

orders_by_band as (

    select
        bands.band_number,
        count(orders.invoice_id) as order_count,
        count(distinct orders.customer_id) as customer_count,
        sum(orders.units) as units,
        sum(orders.gross_amount) as gross_amount,
        sum(orders.revenue) as revenue,
        sum(orders.line_count) as line_count,
        quantile_disc(orders.gross_amount, 0.5) as median_amount
    from bands
    inner join orders
        on
            bands.lower_bound <= orders.gross_amount
            and (bands.upper_bound is null or bands.upper_bound > orders.gross_amount)
    group by 1

),

totals as (

    select
        sum(order_count) as order_count,
        sum(revenue) as revenue
    from orders_by_band

)

select
    cast(bands.band_number as integer) as band_number,
    case
        when bands.upper_bound is null
            then concat({{ money_words('bands.lower_bound') }}, ' or more')
        when bands.lower_bound = 0
            then concat('under ', {{ money_words('bands.upper_bound') }})
        else concat(
            {{ money_words('bands.lower_bound') }},
            ' to under ',
            {{ money_words('bands.upper_bound') }}
        )
    end as band,
    cast(bands.lower_bound as decimal(18, 2)) as lower_bound,
    cast(bands.upper_bound as decimal(18, 2)) as upper_bound,
    coalesce(orders_by_band.order_count, 0) as order_count,
    coalesce(orders_by_band.customer_count, 0) as customer_count,
    cast(coalesce(orders_by_band.units, 0) as decimal(18, 3)) as units,
    cast(coalesce(orders_by_band.revenue, 0) as decimal(18, 2)) as revenue,
    coalesce(orders_by_band.order_count, 0) / totals.order_count as order_share,
    cast(coalesce(orders_by_band.revenue, 0) as double)
    / nullif(totals.revenue, 0) as revenue_share,
    cast(orders_by_band.gross_amount / orders_by_band.order_count as decimal(18, 2)) as mean_amount,
    orders_by_band.median_amount,
    cast(orders_by_band.line_count as double) / orders_by_band.order_count as mean_line_count
from bands
cross join totals
left join orders_by_band
    on bands.band_number = orders_by_band.band_number
where totals.order_count > 0
order by 1
