with as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

)

select
    interests.customer_id,
    interests.category_name,
    interests.category,
    interests.orders,
    interests.spend,
    interests.spend_share,
    interests.interest_rank,
    interests.last_bought_date,
    interests.as_of_date
from {{ ref('int_customer_category_spend') }} as interests
inner join as_of_dates
    on interests.as_of_date = as_of_dates.as_of_date
