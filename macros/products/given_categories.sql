{#-
    SQL: the category that the shop itself gives each product of each run, from the seed
    `given_categories` or from a column of the log whose heading `category_headings` lists. Nothing
    where neither says enough.

    A level is the seed or such a column. It counts if it is a property of products (nine of ten
    lines say of a product what most of its lines do), if it gives half of the products a category,
    and at least two categories. The seed comes first; of several columns the one with 5 to 30
    categories, or nearest to that; then the one with more.

    A category is what most lines say of a product, of those known when the run learns, or of its
    first day. Of more than `most_given_categories` the largest are kept; other products have none.

    `runs`: prediction_run, frozen_at. `lines`: product_id, other_columns, ordered_at, order_date.
    `first_sales`: product_id, first_sold_date.
-#}
{% macro given_categories(runs, lines, first_sales) -%}
with headings as (

    select distinct keys.heading
    from (
        select distinct unnest(json_keys(other_columns)) as heading
        from {{ lines }}
        where other_columns is not null
    ) as keys
    inner join {{ ref('category_headings') }} as known
        on {{ comparable_word('keys.heading') }} = known.heading

),

missing_words as (

    select word
    from {{ ref('missing_values') }}
    where column_name = 'any'

),

line_values as (

    select
        {{ lines }}.product_id,
        headings.heading as source,
        trim(regexp_replace(
            {{ other_column(lines, 'headings.heading') | indent(12) }}, '\s+', ' ', 'g'
        )) as category,
        {{ lines }}.ordered_at,
        {{ lines }}.order_date
    from {{ lines }}
    cross join headings
    where {{ lines }}.other_columns is not null

),

spellings as (

    select
        {{ runs }}.prediction_run,
        line_values.source,
        line_values.product_id,
        line_values.category,
        lower(line_values.category) as category_key,
        count(*) as line_count,
        max(line_values.ordered_at) as last_ordered_at
    from {{ runs }}
    cross join line_values
    inner join {{ first_sales }}
        on
            line_values.product_id = {{ first_sales }}.product_id
            and line_values.order_date
            <= greatest({{ runs }}.frozen_at, {{ first_sales }}.first_sold_date)
    where
        line_values.category <> ''
        and lower(line_values.category) <> 'other'
        and lower(line_values.category) not in (select missing_words.word from missing_words)
    group by 1, 2, 3, 4, 5

),

counted as (

    select
        prediction_run,
        source,
        product_id,
        category_key,
        sum(line_count) as line_count,
        sum(sum(line_count)) over (
            partition by prediction_run, source, product_id
        ) as product_lines,
        row_number() over (
            partition by prediction_run, source, product_id
            order by sum(line_count) desc, max(last_ordered_at) desc, category_key asc
        ) as value_rank
    from spellings
    group by 1, 2, 3, 4

),

-- The seed wins: its products have one category, whatever the lines say.
product_values as (

    select
        prediction_run,
        source,
        product_id,
        category_key,
        line_count,
        product_lines,
        false as is_seed
    from counted
    where value_rank = 1

    union all

    select
        {{ runs }}.prediction_run,
        'given_categories' as source,
        {{ first_sales }}.product_id,
        lower(trim(seed.category)) as category_key,
        1 as line_count,
        1 as product_lines,
        true as is_seed
    from {{ runs }}
    cross join {{ first_sales }}
    inner join {{ ref('given_categories') }} as seed
        on {{ first_sales }}.product_id = upper(trim(seed.product_id))

),

known_values as (

    select
        product_values.*,
        {{ first_sales }}.first_sold_date <= {{ runs }}.frozen_at as is_known
    from product_values
    inner join {{ runs }}
        on product_values.prediction_run = {{ runs }}.prediction_run
    inner join {{ first_sales }}
        on product_values.product_id = {{ first_sales }}.product_id

),

sizes as (

    select
        prediction_run,
        source,
        is_seed,
        category_key,
        count(*) as product_count,
        sum(line_count) as line_count,
        sum(product_lines) as product_lines,
        row_number() over (
            partition by prediction_run, source, is_seed
            order by count(*) desc, category_key asc
        ) as value_rank
    from known_values
    where is_known
    group by 1, 2, 3, 4

),

levels as (

    select
        prediction_run,
        source,
        is_seed,
        count(*) as category_count,
        sum(product_count) filter (where value_rank <= {{ most_given_categories() }})
            as product_count,
        sum(line_count) / sum(product_lines) as agreement
    from sizes
    group by 1, 2, 3

),

catalogue_sizes as (

    select
        {{ runs }}.prediction_run,
        count(*) as product_count
    from {{ runs }}
    inner join {{ first_sales }}
        on {{ runs }}.frozen_at >= {{ first_sales }}.first_sold_date
    group by 1

),

chosen_levels as (

    select levels.*
    from levels
    inner join catalogue_sizes
        on levels.prediction_run = catalogue_sizes.prediction_run
    where
        levels.category_count >= 2
        and levels.agreement >= 0.9
        and 2 * levels.product_count >= catalogue_sizes.product_count
    qualify row_number() over (
        partition by levels.prediction_run
        order by
            levels.is_seed desc,
            greatest(
                5 / levels.category_count,
                levels.category_count / {{ most_given_categories() }},
                1
            ) asc,
            levels.category_count desc,
            levels.source asc
    ) = 1

),

-- As most lines write it.
names as (

    select
        prediction_run,
        source,
        category_key,
        first(category order by line_count desc, category asc) as category_name
    from (
        select
            prediction_run,
            source,
            category_key,
            category,
            sum(line_count) as line_count
        from spellings
        group by 1, 2, 3, 4

        union all

        select
            {{ runs }}.prediction_run,
            'given_categories' as source,
            lower(trim(seed.category)) as category_key,
            trim(seed.category) as category,
            count(*) as line_count
        from {{ runs }}
        cross join {{ ref('given_categories') }} as seed
        group by 1, 2, 3, 4
    ) as written
    group by 1, 2, 3

)

select
    known_values.prediction_run,
    known_values.product_id,
    names.category_name,
    chosen_levels.source
from known_values
inner join chosen_levels
    on
        known_values.prediction_run = chosen_levels.prediction_run
        and known_values.source = chosen_levels.source
        and known_values.is_seed = chosen_levels.is_seed
inner join sizes
    on
        known_values.prediction_run = sizes.prediction_run
        and known_values.source = sizes.source
        and known_values.is_seed = sizes.is_seed
        and known_values.category_key = sizes.category_key
        and sizes.value_rank <= {{ most_given_categories() }}
inner join names
    on
        known_values.prediction_run = names.prediction_run
        and known_values.source = names.source
        and known_values.category_key = names.category_key
{%- endmacro %}


{#- `int_sample_features` has a column for each, and one for `other`. -#}
{% macro most_given_categories() -%}
    {{ return(30) }}
{%- endmacro %}
