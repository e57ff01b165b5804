-- What is the same for the whole shop: its calendar, its products and the slots of every weighted
-- choice.

create or replace table archetypes as
select
    *,
    row_number() over (order by archetype)::integer as archetype_number
from read_csv(getvariable('settings') || '/archetypes.csv', header = true);

create or replace table categories as
select
    *,
    row_number() over (order by category)::integer as category_number
from read_csv(getvariable('settings') || '/categories.csv', header = true);

create or replace table countries as
select
    *,
    row_number() over (order by is_home desc, country asc)::integer as country_number
from read_csv(getvariable('settings') || '/countries.csv', header = true);

create or replace table fees as
select
    *,
    row_number() over (order by stock_code, booked_on)::integer as fee_number,
    purpose_number(stock_code || booked_on) as fee_key
from read_csv(getvariable('settings') || '/fees.csv', header = true);

-- A shop's time does not run evenly: a busy day holds more of it. Customers buy at their own even
-- pace in shop time, and
-- seasons, weekdays and an archetype's growth come out by themselves. 1,000 units are a day of
-- average business; whole
-- numbers, so that sums are exact. A closed day holds no time and is no row.
create or replace table shop_days as
with days as (
    select unnest(generate_series(
        getvariable('first_day')::date,
        getvariable('last_day')::date,
        interval 1 day
    ))::date as shop_date
),

months as (
    select
        month,
        usual / avg(usual) over () as usual,
        christmas / avg(christmas) over () as christmas
    from read_csv(getvariable('settings') || '/months.csv', header = true)
),

weekdays as (
    select
        weekday,
        weight / avg(weight) over () as weight
    from read_csv(getvariable('settings') || '/weekdays.csv', header = true)
),

weighted as (
    select
        archetypes.archetype_number,
        days.shop_date,
        round(
            1000
            * weekdays.weight
            * case when archetypes.season = 'christmas' then months.christmas else months.usual end
            * (1 + archetypes.growth * (
                2.0::double * (days.shop_date - getvariable('first_day')::date)
                / (getvariable('last_day')::date - getvariable('first_day')::date) - 1
            ))
        )::bigint as day_length
    from days
    inner join months on month(days.shop_date) = months.month
    inner join weekdays on isodow(days.shop_date) = weekdays.weekday
    cross join archetypes
    where strftime(days.shop_date, '%m-%d') not in ('01-01', '12-25', '12-26')
)

select
    archetype_number,
    shop_date,
    (
        sum(day_length) over (partition by archetype_number order by shop_date) - day_length
    )::bigint as starts_at,
    (sum(day_length) over (partition by archetype_number))::bigint as period_length
from weighted
where day_length > 0;

-- A product is style, motif and item ("BLUE ENAMEL LEMON GROVE TEAPOT"). Styles of one motif and
-- item share the five
-- digits of their code and differ in its letter, as colours of one article do. The item sets most
-- of the price.
create or replace table products as
with words as (
    select
        categories.category_number,
        vocabulary.part,
        vocabulary.word,
        child_key(
            seed_key('vocabulary'),
            purpose_number(categories.category || vocabulary.part || vocabulary.word)
        ) as word_key
    from read_csv(getvariable('settings') || '/vocabulary.csv', header = true) as vocabulary
    inner join categories on vocabulary.category = categories.category
),

articles as (
    select
        motifs.category_number,
        motifs.word || ' ' || items.word as article,
        items.word_key as item_key,
        child_key(motifs.word_key, items.word_key) as article_key,
        row_number() over (
            partition by motifs.category_number
            order by article_key, motifs.word, items.word
        ) as article_rank
    from words as motifs
    inner join words as items on motifs.category_number = items.category_number
    where motifs.part = 'motif' and items.part = 'item'
),

styled as (
    select
        articles.*,
        styles.word || ' ' || articles.article as description,
        child_key(articles.article_key, styles.word_key) as product_key,
        row_number() over (
            partition by articles.category_number, articles.article_rank
            order by product_key, styles.word
        ) as style_rank
    from articles
    inner join words as styles on articles.category_number = styles.category_number
    where styles.part = 'style'
),

-- One to three styles of an article are sold; a category takes articles until its range is full.
stocked as (
    select
        *,
        row_number() over (
            partition by category_number
            order by article_rank, style_rank
        ) as category_rank
    from styled
    where style_rank <= 1 + floor(3 * uniform(article_key, 'styles'))
),

kept as (
    select
        stocked.*,
        categories.category,
        categories.median_price,
        categories.price_spread,
        count(*) over (partition by stocked.category_number, stocked.article_rank) as styles
    from stocked
    inner join categories on stocked.category_number = categories.category_number
    where stocked.category_rank <= categories.products
),

priced as (
    select
        *,
        (
            20000 + 7 * dense_rank() over (order by article_key, category_number, article_rank)
        )::varchar
        || case when styles > 1 then chr(64 + style_rank::integer) else '' end as product_id,
        greatest(
            0.19,
            round(
                median_price
                * exp(
                    price_spread * deviation(item_key, 'price')
                    + 0.12 * deviation(product_key, 'price')
                )
                * 10
            ) / 10 - 0.05
        ) as list_price
    from kept
)

select
    row_number() over (order by product_id)::integer as product_number,
    product_id,
    category_number,
    category,
    description,
    list_price::decimal(10, 2) as list_price,
    -- Cheap things are bought by the dozen.
    sqrt(3.0::double / list_price) as quantity_factor,
    -- A third of the range was typed in more than once.
    uniform(product_key, 'spellings') < 0.34 as has_spellings,
    1.0::double / (4 + category_rank) as popularity
from priced;

-- Spelling 0 is the canonical one; the others have a double blank, a blank at the end and two
-- letters swapped.
create or replace table product_spellings as
with spellings as (
    select
        product_number,
        unnest([
            description,
            regexp_replace(description, ' ', '  '),
            description || ' ',
            regexp_replace(description, '^(.*)(\w)(\w)(\w)$', '\1\3\2\4'),
        ]) as description,
        unnest([0, 1, 2, 3]) as spelling
    from products
)

select
    product_number * 4 + spelling as spelling_number,
    description
from spellings;

create or replace temp table weights as
select
    0 as group_number,
    archetype_number as item_number,
    share as weight
from archetypes;

create or replace table archetype_slots as from slots_of('weights');

create or replace temp table weights as
select
    0 as group_number,
    country_number as item_number,
    share as weight
from countries;

create or replace table country_slots as from slots_of('weights');

create or replace temp table weights as
select
    0 as group_number,
    hour as item_number,
    weight
from read_csv(getvariable('settings') || '/hours.csv', header = true);

create or replace table hour_slots as from slots_of('weights');

-- Group 0 is the year as a whole, groups 1 to 12 its months: the garden sells in May, baubles in
-- November.
create or replace temp table weights as
with months as (
    select unnest(range(13))::integer as month_number
)

select
    months.month_number as group_number,
    categories.category_number as item_number,
    case
        when months.month_number = 0 then categories.share
        else
            categories.share
            * (0.2 + categories.peak_strength * greatest(
                0,
                cos(2 * pi() * (months.month_number - categories.peak_month) / 12)
            ))
            / (0.2 + categories.peak_strength / 3)
    end as weight
from months
cross join categories;

create or replace table category_slots as from slots_of('weights');

create or replace temp table weights as
select
    category_number as group_number,
    product_number as item_number,
    popularity as weight
from products;

create or replace table product_slots as from slots_of('weights');
