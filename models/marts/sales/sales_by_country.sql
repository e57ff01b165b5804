with orders as (

    select * from {{ ref('int_shop_orders') }}

),

sales as (

    select
        coalesce(country, 'not logged') as country,
        {{ sales_totals() }}
    from orders
    group by 1

)

select
    country,
    {{ sales_of() }}
from sales
order by 1
