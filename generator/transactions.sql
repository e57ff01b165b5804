-- The lines of one chunk. First the sales as they happened, then the log with its dirt.

create or replace temp table sale_lines as
with order_lines as (
    select
        person_number,
        order_number,
        order_key,
        ordered_at,
        has_staple,
        unnest(range(1, line_count + 1))::integer as line_number
    from orders
),

keyed as (
    select
        order_lines.person_number,
        order_lines.order_number,
        order_lines.line_number,
        order_lines.ordered_at,
        child_key(order_lines.order_key, order_lines.line_number) as line_key,
        order_lines.has_staple and order_lines.line_number = 1 as is_staple,
        people.person_key,
        people.favourite_category,
        people.second_category,
        people.favourite_share,
        people.units_per_line,
        people.price_paid
    from order_lines
    inner join people on order_lines.person_number = people.person_number
),

-- A staple is drawn with the person's key, so that it is the same product in each of their orders.
tasted as (
    select
        keyed.*,
        case
            when keyed.is_staple or uniform(keyed.line_key, 'taste') < keyed.favourite_share
                then keyed.favourite_category
            when uniform(keyed.line_key, 'taste') < keyed.favourite_share + 0.15
                then keyed.second_category
            else category_slots.item_number
        end as category_number,
        case when keyed.is_staple then keyed.person_key else keyed.line_key end as product_key
    from keyed
    inner join category_slots
        on
            slot_number(month(keyed.ordered_at), uniform(keyed.line_key, 'category'))
            = category_slots.slot
),

with_product as (
    select
        tasted.*,
        products.product_number,
        products.list_price,
        products.has_spellings,
        greatest(1, round(
            tasted.units_per_line
            * products.quantity_factor
            * exp(0.6 * deviation(tasted.line_key, 'quantity'))
        ))::integer as units,
        uniform(tasted.line_key, 'dirt') as dirt_roll
    from tasted
    inner join product_slots
        on
            slot_number(tasted.category_number, uniform(tasted.product_key, 'product'))
            = product_slots.slot
    inner join products on product_slots.item_number = products.product_number
),

-- One draw decides over all dirt of a line, so that kinds exclude each other.
dirt_bounds as (
    select
        dirt_rate('duplicate_row') as duplicate_below,
        duplicate_below + dirt_rate('lower_case_code') as lower_case_below,
        lower_case_below + dirt_rate('other_spelling') as other_spelling_below,
        other_spelling_below + dirt_rate('zero_price') as zero_price_below,
        zero_price_below + dirt_rate('missing_description') as missing_description_below
)

select
    with_product.person_number,
    with_product.order_number,
    with_product.line_number,
    with_product.is_staple,
    with_product.product_number,
    case
        when with_product.dirt_roll >= dirt_bounds.missing_description_below then 'none'
        when with_product.dirt_roll < dirt_bounds.duplicate_below then 'duplicate_row'
        when with_product.dirt_roll < dirt_bounds.lower_case_below then 'lower_case_code'
        when with_product.dirt_roll < dirt_bounds.other_spelling_below
            then case when with_product.has_spellings then 'other_spelling' else 'none' end
        when with_product.dirt_roll < dirt_bounds.zero_price_below then 'zero_price'
        else 'missing_description'
    end as dirt,
    -- Large quantities come in packs of twelve.
    case
        when with_product.units > 18 then 12 * round(with_product.units / 12)::integer
        else with_product.units
    end as quantity,
    greatest(
        0.04,
        with_product.list_price
        * with_product.price_paid
        * case when with_product.units > 18 then 0.9 else 1 end
    )::decimal(10, 2) as unit_price
from with_product
cross join dirt_bounds;

create or replace temp view chunk_transactions as
with sales as (
    select * from documents
    where kind = 'sale'
),

sold as not materialized (
    select
        sales.invoice_number,
        sale_lines.line_number,
        sale_lines.product_number,
        case
            when sale_lines.dirt = 'other_spelling' then 1 + sale_lines.line_number % 3
            else 0
        end as spelling,
        sale_lines.quantity,
        case
            when sale_lines.dirt in ('zero_price', 'missing_description') then 0
            else sale_lines.unit_price
        end as unit_price,
        sale_lines.dirt,
        null::varchar as fee_code,
        null::varchar as remark
    from sale_lines
    inner join sales
        on
            sale_lines.person_number = sales.person_number
            and sale_lines.order_number = sales.order_number
),

fees_of_documents as (
    select
        sales.invoice_number,
        order_fees.fee_number,
        1 as quantity,
        sales.document_key
    from order_fees
    inner join sales
        on
            order_fees.person_number = sales.person_number
            and order_fees.order_number = sales.order_number
    where order_fees.booked_on = 'sale'
    union all
    select
        invoice_number,
        part as fee_number,
        -1 as quantity,
        document_key
    from documents
    where kind = 'fee'
),

-- After the goods: no order has this many lines.
charged as (
    select
        fees_of_documents.invoice_number,
        1000 + fees.fee_number as line_number,
        null as product_number,
        0 as spelling,
        fees_of_documents.quantity,
        (
            fees.lowest_price + (fees.highest_price - fees.lowest_price)
            * pow(uniform(xor(fees_of_documents.document_key, fees.fee_key), 'fee price'), 2)
        )::decimal(10, 2) as unit_price,
        'none' as dirt,
        fees.stock_code as fee_code,
        fees.description as remark
    from fees_of_documents
    inner join fees on fees_of_documents.fee_number = fees.fee_number
),

taking_back as (
    select * from documents
    where kind in (
        'cancelled_order',
        'cancelled_line',
        'cancelled_part',
        'cancelled_twice',
        'cancelled_across_sales'
    )
),

staples as (
    select
        person_number,
        order_number,
        lag(quantity) over (partition by person_number order by order_number) as quantity_before
    from sale_lines
    where is_staple
),

-- What was given away is not handed back.
returned as (
    select
        taking_back.invoice_number,
        sale_lines.line_number,
        sale_lines.product_number,
        -case taking_back.kind
            when 'cancelled_part'
                then least(
                    sale_lines.quantity - 1,
                    1 + floor(sale_lines.quantity * uniform(taking_back.document_key, 'part'))
                )
            when 'cancelled_twice' then floor(sale_lines.quantity / 2)
            when
                'cancelled_across_sales'
                then sale_lines.quantity + ceil(staples.quantity_before / 2)
            else sale_lines.quantity
        end::integer as quantity,
        sale_lines.unit_price
    from sale_lines
    inner join taking_back
        on
            sale_lines.person_number = taking_back.person_number
            and sale_lines.order_number = taking_back.order_number
            and sale_lines.line_number
            = coalesce(taking_back.cancelled_line_number, sale_lines.line_number)
    left join staples
        on
            sale_lines.person_number = staples.person_number
            and sale_lines.order_number = staples.order_number
    where sale_lines.dirt not in ('zero_price', 'missing_description')
),

-- Single units cannot be halved and a first staple has none before it: these documents stay empty,
-- and their numbers
-- are gaps as every shop has them.
cancelled as (
    select
        invoice_number,
        line_number,
        product_number,
        0 as spelling,
        quantity,
        unit_price,
        'none' as dirt,
        null as fee_code,
        null as remark
    from returned
    where quantity < 0
),

drawn as (
    select
        documents.*,
        products.product_number,
        products.list_price
    from documents
    inner join product_slots
        on
            slot_number(documents.favourite_category, uniform(documents.document_key, 'product'))
            = product_slots.slot
    inner join products on product_slots.item_number = products.product_number
    where documents.kind in ('cancelled_without_sale', 'stock_adjustment')
),

without_sale as (
    select
        invoice_number,
        1 as line_number,
        product_number,
        0 as spelling,
        -1 - floor(12 * uniform(document_key, 'quantity'))::integer as quantity,
        list_price as unit_price,
        'none' as dirt,
        null as fee_code,
        null as remark
    from drawn
    where kind = 'cancelled_without_sale'
),

adjusted as (
    select
        invoice_number,
        1 as line_number,
        product_number,
        0 as spelling,
        -1 - floor(80 * pow(uniform(document_key, 'quantity'), 2))::integer as quantity,
        0 as unit_price,
        case when uniform(document_key, 'remark') < 0.5 then 'none' else 'missing_description' end
            as dirt,
        null as fee_code,
        ['damaged', 'check', 'lost', 'wet', '?', 'thrown away', 'found broken', 'stock count'][
            1 + floor(8 * uniform(document_key, 'remark text'))::integer
        ] as remark
    from drawn
    where kind = 'stock_adjustment'
),

-- Sorted while the rows are narrow; names and texts are looked up after.
lines as (
    select * from sold
    union all
    select * from sold
    where dirt = 'duplicate_row'
    union all
    select * from charged
    union all
    select * from cancelled
    union all
    select * from without_sale
    union all
    select * from adjusted
    order by invoice_number, line_number
)

select
    documents.invoice_number,
    lines.line_number,
    documents.invoice_id,
    case
        when lines.fee_code is not null then lines.fee_code
        when lines.dirt = 'lower_case_code' then lower(products.product_id)
        else products.product_id
    end as stock_code,
    case
        when
            lines.dirt != 'missing_description'
            then coalesce(lines.remark, product_spellings.description)
    end as description,
    lines.quantity,
    documents.documented_at,
    lines.unit_price::decimal(10, 2) as unit_price,
    documents.customer_id,
    documents.country
from lines
inner join documents on lines.invoice_number = documents.invoice_number
left join products on lines.product_number = products.product_number
left join product_spellings
    on lines.product_number * 4 + lines.spelling = product_spellings.spelling_number;
