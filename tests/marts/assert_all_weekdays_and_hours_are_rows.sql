-- A chart needs every bar, even for a shop without sales. A log of days has no hours.
with counts as (

    select
        (select count(*) from {{ ref('sales_by_weekday') }}) as weekdays,
        (select count(*) from {{ ref('sales_by_hour') }}) as hours,
        (select count(*) from {{ ref('sales_by_weekday_and_hour') }}) as weekday_hours

)

select *
from counts
where (weekdays, hours, weekday_hours) not in ((7, 24, 168), (7, 0, 0))
