{#-
    SQL: CTEs that find a column that is not used and distinguishes copies of an order: the steps of
    it (`event`), its versions (`revision`), whether one is the last (`is_current`, `valid_to`), the
    exports that it was in (`export_date`), or the last change (`updated_at`). The last of them,
    `copy_column`, has one row at most: heading and kind.

    Proof are orders of which some product has several rows. Of nearly all of them, each value of
    the column has the same lines; of versions, half of the products at least. And nearly all have
    one of its values in common: sizes, seats and parcels come in any set. Or a version ends where
    the next one begins, and the last has no end.

    `transactions` names a relation of sales of customers and orders that are known, `sampled` some
    of them.
-#}
{% macro copy_columns(transactions, sampled) -%}
{#- So many orders are looked at, the first and the last ones, and of none more rows than these. -#}
{%- set looked_at = 100 -%}
{%- set most_rows = 100 -%}
{#- So large a share of them has to agree, and so many at least, more of those of one product. -#}
{%- set proven_share = 0.9 -%}
{%- set least_orders = 5 -%}
{%- set least_orders_of_one_product = 10 -%}
{%- set most_words = 20 -%}
{#- As headings compare: letters and digits in lower case. -#}
{%- set of_steps = [
    'event', 'events', 'eventname', 'eventstatus', 'orderevent', 'ordereventname', 'step',
    'stepname', 'orderstep', 'processstep', 'orderstage', 'orderstate', 'lifecycle', 'workflow',
    'workflowstep', 'workflowstatus', 'transition', 'activity', 'statushistory',
    'fulfillmentstatus', 'fulfilmentstatus', 'deliverystatus', 'shippingstatus', 'shipmentstatus',
    'trackingstatus', 'trackingevent', 'vorgang', 'vorgangsart', 'vorgangstyp', 'schritt',
    'prozessschritt', 'arbeitsschritt', 'ereignis', 'bearbeitungsstand', 'bearbeitungsstatus',
    'versandstatus', 'lieferstatus', 'belegart', 'belegtyp', 'dokumentart', 'étape', 'etape',
    'événement', 'évènement', 'evenement', 'etapa', 'evento', 'paso', 'passo', 'gebeurtenis',
    'stap', 'krok', 'zdarzenie', 'etap', 'этап', 'событие', 'шаг', 'стадия', 'операция'
] -%}
{%- set of_versions = [] -%}
{%- for word in [
    'revision', 'rev', 'orderrevision', 'version', 'orderversion', 'auftragsversion',
    'belegversion', 'amendment', 'änderung', 'änderungs', 'fassung', 'fassungs', 'nachtrag',
    'nachtrags', 'revisions', 'versions', 'révision', 'revisión', 'versión', 'revisione',
    'versione', 'revisie', 'versie', 'wersja', 'rewizja', 'korekta', 'версия', 'ревизия',
    'редакция'
] -%}
    {%- for tail in ['', 'no', 'nr', 'number', 'nummer', 'id', 'num'] -%}
        {%- do of_versions.append(word ~ tail) -%}
    {%- endfor -%}
{%- endfor -%}
{#- Whether a row is the last version of what it is about: yes or no. -#}
{%- set of_last_versions = [
    'iscurrent', 'current', 'currentflag', 'iscurrentflag', 'currentrow', 'iscurrentrow',
    'currentrecord', 'iscurrentrecord', 'currentversion', 'iscurrentversion', 'currentindicator',
    'dbtiscurrent', 'islatest', 'latest', 'latestflag', 'islatestversion', 'latestversion',
    'istaktuell', 'aktuell'
] -%}
{%- set of_beginnings = [] -%}
{%- set of_ends = [] -%}
{%- for word in ['', 'dbt', 'row', 'record', 'sys'] -%}
    {%- for tail in ['valid', 'effective'] -%}
        {%- for of in ['from', 'start', 'startdate', 'fromdate', 'date', 'at'] -%}
            {%- do of_beginnings.append(word ~ tail ~ of) -%}
        {%- endfor -%}
        {%- for of in ['to', 'until', 'end', 'enddate', 'todate', 'thru', 'through'] -%}
            {%- do of_ends.append(word ~ tail ~ of) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endfor -%}
{%- do of_beginnings.extend(['gültigab', 'gültigvon']) -%}
{%- do of_ends.append('gültigbis') -%}
{%- set of_exports = [
    'exportdate', 'exportedat', 'exportedon', 'exporttime', 'exporttimestamp', 'exportdatum',
    'snapshot', 'snapshotdate', 'snapshotat', 'snapshottime', 'extractdate', 'extractedat',
    'extractiondate', 'loaddate', 'loadedat', 'ingestedat', 'batchdate', 'dumpdate', 'asofdate',
    'abzugsdatum', 'stichtag', 'датавыгрузки'
] -%}
{%- set of_changes = [
    'updatedat', 'updatedon', 'dateupdated', 'updateddate', 'updatedate', 'lastupdated',
    'lastupdateddate', 'lastupdate', 'modifiedat', 'modifiedon', 'modifieddate', 'datemodified',
    'lastmodified', 'lastmodifieddate', 'changedat', 'changedon', 'lastchanged', 'geändertam',
    'änderungsdatum', 'датаизменения', 'обновлено'
] -%}
{#-
    What words of steps begin with or contain. Two of a kind, such as a first and a second delivery,
    or words of payments, may be parts of the money.
-#}
{%- set stems = [
    'order', 'placed', 'created', 'confirm', 'pack', 'pick', 'ship', 'dispatch', 'transit',
    'deliver', 'complet', 'fulfil', 'process', 'bestell', 'auftrag', 'verpackt', 'versand',
    'versend', 'lieferschein', 'geliefert', 'zugestellt', 'zustellung', 'abgeschlossen', 'command',
    'expédi', 'livr', 'pedido', 'enviad', 'entreg', 'ordin', 'spedi', 'consegn', 'zamówi',
    'wysłan', 'dostarcz', 'заказ', 'отправ', 'достав', 'собран'
] -%}
orders_of_several_rows as (

    select
        customer_id,
        invoice_id,
        min(first_row) as first_row
    from (
        select
            customer_id,
            invoice_id,
            min(input_row) as first_row,
            count(*) as row_count
        from {{ sampled }}
        group by customer_id, invoice_id, product_id
    ) as products
    group by customer_id, invoice_id
    having max(row_count) > 1 and sum(row_count) <= {{ most_rows }}

),

-- One row: whether most orders have a product in several rows.
usual_orders as (

    select 2 * count(several_rows.invoice_id) >= count(*) as are_of_several_rows
    from (
        select
            customer_id,
            invoice_id
        from {{ sampled }}
        group by customer_id, invoice_id
    ) as all_orders
    left join orders_of_several_rows as several_rows
        on
            all_orders.customer_id = several_rows.customer_id
            and all_orders.invoice_id = several_rows.invoice_id

),

shown_orders as (

    select
        customer_id,
        invoice_id,
        place <= {{ looked_at }} as is_first
    from (
        select
            *,
            row_number() over (order by first_row asc) as place,
            row_number() over (order by first_row desc) as place_from_end
        from orders_of_several_rows
    ) as numbered_orders
    where least(place, place_from_end) <= {{ looked_at }}

),

shown_rows as (

    select
        {{ sampled }}.input_row,
        shown_orders.is_first
    from {{ sampled }}
    inner join shown_orders
        on
            {{ sampled }}.customer_id = shown_orders.customer_id
            and {{ sampled }}.invoice_id = shown_orders.invoice_id

),

-- What is not used may be long: it is read of these rows alone, those at either end by themselves,
-- as an engine that keeps rows in order skips all beyond the least and the highest number.
whole_rows as (

    {% for is_first in ['shown_rows.is_first', 'not shown_rows.is_first'] -%}
    select
        customer_id,
        invoice_id,
        product_id,
        quantity,
        unit_price,
        ordered_at,
        other_columns
    from {{ transactions }}
    where
        input_row in (
            select shown_rows.input_row
            from shown_rows
            where {{ is_first }}
        )
        and other_columns is not null
    {% if not loop.last %}

    union all

    {% endif -%}
    {% endfor %}

),

headings as (

    select distinct unnest(json_keys(other_columns)) as heading
    from whole_rows

),

cells as (

    select
        whole_rows.customer_id,
        whole_rows.invoice_id,
        whole_rows.ordered_at,
        coalesce(whole_rows.product_id, '') as product_id,
        headings.heading,
        {{ other_column('whole_rows', 'headings.heading') | indent(8) }} as word,
        concat_ws(
            ' ', whole_rows.product_id, whole_rows.quantity, whole_rows.unit_price
        ) as order_line
    from whole_rows
    cross join headings

),

copies as (

    select
        customer_id,
        invoice_id,
        heading,
        word,
        string_agg(order_line, ', ' order by order_line asc) as order_lines,
        count(distinct product_id) as product_count
    from cells
    group by customer_id, invoice_id, heading, word

),

products_of_copies as (

    select
        customer_id,
        invoice_id,
        heading,
        count(*) as product_count,
        count(*) filter (where copy_count > 1) as recurring_count
    from (
        select
            customer_id,
            invoice_id,
            heading,
            product_id,
            count(distinct word) as copy_count
        from cells
        group by customer_id, invoice_id, heading, product_id
    ) as products
    group by customer_id, invoice_id, heading

),

-- A row without a value is of no copy. Versions have half of an order's products each, and one of
-- them has more.
orders_of_copies as (

    select
        copies.customer_id,
        copies.invoice_id,
        copies.heading,
        count(*) > 1 as has_several,
        max(products_of_copies.recurring_count) > 1 as has_several_products,
        count(*) > 1
        and count(*) = count(copies.word)
        and min(copies.order_lines) = max(copies.order_lines) as is_repeated,
        count(*) > 1
        and count(*) = count(copies.word)
        and max(products_of_copies.recurring_count) > 0
        and 2 * min(copies.product_count) >= max(products_of_copies.product_count)
        and 2 * max(copies.product_count) > max(products_of_copies.product_count) as is_changed
    from copies
    inner join products_of_copies
        on
            copies.customer_id = products_of_copies.customer_id
            and copies.invoice_id = products_of_copies.invoice_id
            and copies.heading = products_of_copies.heading
    group by copies.customer_id, copies.invoice_id, copies.heading

),

words as (

    select
        copies.heading,
        copies.word,
        count(*) as order_count,
        nullif(regexp_extract(lower(copies.word), '{{ stems | join("|") }}'), '') as stem,
        regexp_full_match(copies.word, '[^0-9]{0,12}[0-9]{1,3}([.][0-9]+)?|[A-Za-z]') as is_number,
        {{ is_yes('copies.word') | indent(4) }} as flag
    from copies
    inner join orders_of_copies
        on
            copies.customer_id = orders_of_copies.customer_id
            and copies.invoice_id = orders_of_copies.invoice_id
            and copies.heading = orders_of_copies.heading
    where orders_of_copies.has_several
    group by copies.heading, copies.word

),

facts_of_words as (

    select
        heading,
        count(*) as word_count,
        max(order_count) as orders_of_one_word,
        count(stem) as step_count,
        count(distinct stem) as stem_count,
        bool_and(is_number) as are_numbers,
        count(flag) = count(*) as are_flags
    from words
    group by heading

),

facts_of_orders as (

    select
        heading,
        {{ comparable_heading('heading') | indent(8) }} as name,
        count(*) as orders,
        count(*) filter (where has_several) as several,
        count(*) filter (where is_repeated) as repeated,
        count(*) filter (where is_changed) as changed,
        count(*) filter (where has_several and has_several_products) as several_of_products,
        count(*) filter (where is_repeated and has_several_products) as repeated_of_products,
        count(*) filter (where is_changed and has_several_products) as changed_of_products
    from orders_of_copies
    group by heading

),

shares as (

    select
        facts_of_orders.heading,
        facts_of_orders.name,
        facts_of_words.step_count,
        facts_of_words.stem_count,
        facts_of_words.word_count,
        facts_of_words.are_numbers,
        facts_of_words.are_flags,
        usual_orders.are_of_several_rows,
        facts_of_words.orders_of_one_word >= {{ proven_share }} * facts_of_orders.several
            as has_common_word,
        {% for count in ['repeated', 'changed'] %}
        facts_of_orders.{{ count }} >= {{ proven_share }} * facts_of_orders.several
        {% if count == 'repeated' -%}
        and 2 * facts_of_orders.repeated >= facts_of_orders.orders
        {% endif -%}
        and facts_of_orders.{{ count }}_of_products
        >= {{ proven_share }} * facts_of_orders.several_of_products
        and facts_of_orders.{{ count }}_of_products >= {{ least_orders }}
            as are_{{ count }}_by_products,
        facts_of_orders.{{ count }} >= {{ proven_share }} * facts_of_orders.orders
        and facts_of_orders.{{ count }} >= {{ least_orders_of_one_product }} as are_{{ count }},
        {% endfor %}
        facts_of_orders.several
    from facts_of_orders
    inner join facts_of_words
        on facts_of_orders.heading = facts_of_words.heading
    cross join usual_orders

),

-- Steps are known by two words or by the heading, which may also be of something else: an `event`
-- may be a concert, for two of which somebody has tickets of one price.
kinds as (

    select
        *,
        case
            when
                has_common_word
                and word_count <= {{ most_words }}
                and (
                    (
                        stem_count > 1
                        and 2 * step_count >= word_count
                        and (are_repeated or are_repeated_by_products)
                    )
                    or (
                        list_contains({{ sql_list(of_steps) }}, name)
                        and (are_repeated_by_products or (are_repeated and are_of_several_rows))
                    )
                )
                then 'step'
            when
                (are_changed or are_changed_by_products)
                and has_common_word
                and are_numbers
                and list_contains({{ sql_list(of_versions) }}, name)
                then 'version'
            when
                (are_changed or are_changed_by_products)
                and are_flags
                and list_contains({{ sql_list(of_last_versions) }}, name)
                then 'flag'
            when
                (are_changed or are_changed_by_products)
                and word_count <= several
                and list_contains({{ sql_list(of_exports) }}, name)
                then 'export'
            when
                are_changed_by_products
                and list_contains({{ sql_list(of_changes) }}, name)
                then 'change'
        end as kind
    from shares

),

-- The last version of a line has no end, or one that nobody will see. What is billed month by month
-- ends with its last month.
open_ends as (

    select heading
    from (
        select
            heading,
            bool_or(word is null or {{ is_open_end('word') }}) as is_open
        from cells
        where list_contains({{ sql_list(of_ends) }}, {{ comparable_heading('heading') }})
        group by customer_id, invoice_id, product_id, heading
    ) as lines_of_orders
    group by heading
    having count(*) filter (where is_open) >= {{ proven_share }} * count(*)

),

-- Where one version ends, the next one of the same order begins, as in a snapshot of dbt.
ends_of_versions as (

    select ends.heading
    from cells as ends
    inner join open_ends
        on ends.heading = open_ends.heading
    inner join cells as beginnings
        on
            ends.customer_id = beginnings.customer_id
            and ends.invoice_id = beginnings.invoice_id
            and ends.product_id = beginnings.product_id
            and ends.ordered_at = beginnings.ordered_at
            and ends.word = beginnings.word
    where
        list_contains(
            {{ sql_list(of_beginnings) }}, {{ comparable_heading('beginnings.heading') }}
        )
    group by ends.heading
    having
        count(distinct concat_ws(' ', ends.customer_id, ends.invoice_id)) >= greatest(
            {{ least_orders_of_one_product }},
            {{ proven_share }} * (select count(*) from shown_orders)
        )

),

ranked_kinds as (

    select
        heading,
        kind,
        case kind
            when 'step' then 1
            when 'version' then 2
            when 'flag' then 4
            when 'export' then 5
            else 6
        end as kind_rank
    from kinds
    where kind is not null

    union all

    select
        heading,
        'end' as kind,
        3 as kind_rank
    from ends_of_versions

),

-- An aggregate of all: an engine knows that it is one row at most, to which it looks up all lines.
copy_column as (

    select
        min_by(heading, (kind_rank, heading)) as heading,
        min_by(kind, (kind_rank, heading)) as kind,
        false as is_blank
    from ranked_kinds
    having count(*) > 0

)
{%- endmacro %}
