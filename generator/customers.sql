-- The people of one chunk: named customers, and guests who buy once without giving a name.
create or replace temp table people as
with customer_numbers as (
    select
        unnest(range(getvariable('chunk_from')::bigint, getvariable('chunk_to')::bigint))
            as person_number
),

named as (
    select
        person_number,
        false as is_guest,
        child_key(seed_key('customer'), person_number) as person_key
    from customer_numbers
),

-- The chunk's share of all guests.
guest_numbers as (
    select
        unnest(range(
            floor(getvariable('chunk_from') * dirt_rate('missing_customer'))::bigint,
            floor(getvariable('chunk_to') * dirt_rate('missing_customer'))::bigint
        )) as guest_number
),

-- Below zero, so that no guest's number is a customer's.
guests as (
    select
        -1 - guest_number as person_number,
        true as is_guest,
        child_key(seed_key('guest'), guest_number) as person_key
    from guest_numbers
),

everybody as (
    select * from named
    union all
    select * from guests
),

numbered as (
    select
        everybody.*,
        case
            when everybody.is_guest
                then (
                    select archetypes.archetype_number from archetypes
                    where archetypes.archetype = 'guest'
                )
            else archetype_slots.item_number
        end as archetype_number
    from everybody
    inner join archetype_slots
        on slot_number(0, uniform(everybody.person_key, 'archetype')) = archetype_slots.slot
),

with_archetype as (
    select
        numbered.*,
        archetypes.archetype,
        archetypes.price_paid,
        archetypes.half_life_days,
        archetypes.joined_from,
        archetypes.joined_to,
        archetypes.orders_per_year
        * exp(archetypes.orders_spread * deviation(numbered.person_key, 'orders'))
            as orders_per_year,
        archetypes.lines_per_order * getvariable('basket_factor')
        * exp(0.2 * deviation(numbered.person_key, 'lines')) as lines_per_order,
        archetypes.units_per_line
        * exp(0.25 * deviation(numbered.person_key, 'units')) as units_per_line,
        0.35 + 0.45 * uniform(numbered.person_key, 'taste') as favourite_share
    from numbered
    inner join archetypes on numbered.archetype_number = archetypes.archetype_number
),

periods as (
    select distinct
        archetype_number,
        period_length
    from shop_days
),

-- The first order is when a person joins; how long they stay is exponential, in shop time as well.
with_life as (
    select
        with_archetype.*,
        least(
            periods.period_length - 1,
            floor(periods.period_length * (
                with_archetype.joined_from
                + (with_archetype.joined_to - with_archetype.joined_from)
                * uniform(with_archetype.person_key, 'joining')
            ))
        )::bigint as joins_at,
        floor(
            1000
            * with_archetype.half_life_days
            * -log2(uniform(with_archetype.person_key, 'staying'))
        )::bigint as stays_for,
        periods.period_length
    from with_archetype
    inner join periods
        on with_archetype.archetype_number = periods.archetype_number
)

select
    with_life.person_number,
    with_life.person_key,
    with_life.is_guest,
    case when not with_life.is_guest then (12346 + with_life.person_number)::varchar end
        as customer_id,
    with_life.archetype,
    with_life.archetype_number,
    with_life.price_paid,
    with_life.orders_per_year,
    with_life.lines_per_order,
    with_life.units_per_line,
    with_life.favourite_share,
    favourites.item_number as favourite_category,
    seconds.item_number as second_category,
    homes.item_number as country_number,
    -- One customer in sixty also orders from another country.
    case when uniform(with_life.person_key, 'moving') < 0.016 then others.item_number end
        as other_country_number,
    with_life.joins_at,
    least(with_life.joins_at + 1 + with_life.stays_for, with_life.period_length) as leaves_at,
    with_life.joins_at + 1 + with_life.stays_for < with_life.period_length as has_dropped_out
from with_life
inner join category_slots as favourites
    on slot_number(0, uniform(with_life.person_key, 'favourite')) = favourites.slot
inner join category_slots as seconds
    on slot_number(0, uniform(with_life.person_key, 'second')) = seconds.slot
inner join country_slots as homes
    on slot_number(0, uniform(with_life.person_key, 'country')) = homes.slot
inner join country_slots as others
    on slot_number(0, uniform(with_life.person_key, 'other country')) = others.slot;

create or replace temp view chunk_customer_truth as
select
    people.customer_id,
    people.archetype,
    categories.category as favourite_category,
    countries.country,
    round(people.orders_per_year, 2)::decimal(10, 2) as orders_per_year,
    round(people.lines_per_order, 2)::decimal(10, 2) as lines_per_order,
    round(people.units_per_line, 2)::decimal(10, 2) as units_per_line,
    joining_days.shop_date as joined_on,
    case when people.has_dropped_out then leaving_days.shop_date end as dropped_out_on
from people
inner join categories on people.favourite_category = categories.category_number
inner join countries on people.country_number = countries.country_number
asof inner join shop_days as joining_days
    on
        people.archetype_number = joining_days.archetype_number
        and people.joins_at >= joining_days.starts_at
asof inner join shop_days as leaving_days
    on
        people.archetype_number = leaving_days.archetype_number
        and people.leaves_at - 1 >= leaving_days.starts_at
where not people.is_guest;
