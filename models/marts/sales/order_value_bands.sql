with orders as (

    select * from {{ ref('int_shop_orders') }}
    where not is_anonymous

),

powers_of_ten as (

    select pow(10, unnest(range(-2, 15))) as power_of_ten

),

-- 1, 2, 5, 10, 20, 50 … suits pence and yen alike.
round_amounts as (

    select cast(unnest([1, 2, 5]) * power_of_ten as decimal(18, 2)) as round_amount
    from powers_of_ten

),

-- The few smallest and the few largest orders share a band each, or most bands would be all but empty.
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

banded as (

    select
        bands.band_number,
        count(orders.invoice_id) as orders,
        count(distinct orders.customer_id) as customers,
        sum(orders.units) as units,
        sum(orders.gross_amount) as gross_amount,
        sum(orders.revenue) as revenue,
        sum(orders.order_lines) as order_lines,
        quantile_disc(orders.gross_amount, 0.5) as median_amount
    from bands
    inner join orders
        on
            bands.lower_bound <= orders.gross_amount
            and (bands.upper_bound is null or bands.upper_bound > orders.gross_amount)
    group by 1

),

whole as (

    select
        sum(orders) as orders,
        sum(revenue) as revenue
    from banded

)

select
    cast(bands.band_number as integer) as band_number,
    case
        when bands.upper_bound is null then concat({{ money_words('bands.lower_bound') }}, ' or more')
        when bands.lower_bound = 0 then concat('under ', {{ money_words('bands.upper_bound') }})
        else concat({{ money_words('bands.lower_bound') }}, ' to under ', {{ money_words('bands.upper_bound') }})
    end as band,
    cast(bands.lower_bound as decimal(18, 2)) as lower_bound,
    cast(bands.upper_bound as decimal(18, 2)) as upper_bound,
    coalesce(banded.orders, 0) as orders,
    coalesce(banded.customers, 0) as customers,
    cast(coalesce(banded.units, 0) as decimal(18, 3)) as units,
    cast(coalesce(banded.revenue, 0) as decimal(18, 2)) as revenue,
    coalesce(banded.orders, 0) / whole.orders as order_share,
    cast(coalesce(banded.revenue, 0) as double) / nullif(whole.revenue, 0) as revenue_share,
    cast(banded.gross_amount / banded.orders as decimal(18, 2)) as mean_amount,
    banded.median_amount,
    cast(banded.order_lines as double) / banded.orders as mean_order_lines
from bands
cross join whole
left join banded
    on bands.band_number = banded.band_number
where whole.orders > 0
order by 1
