-- Every draw is a function of the seed, of the thing drawn for and of a purpose written in words,
-- so the shop does not
-- depend on threads, chunks or the order of rows. duckdb's own hash() may change between versions;
-- this is the
-- published 32-bit finaliser of MurmurHash3, in integer arithmetic that is the same on any engine
-- and costs about 20 ns.
create or replace macro mix_first(value) as (xor(value, value >> 16) * 2246822507) & 4294967295;

create or replace macro mix_second(value) as (xor(value, value >> 13) * 3266489909) & 4294967295;

create or replace macro mix_third(value) as xor(value, value >> 16);

create or replace macro mix(value) as mix_third(mix_second(mix_first(value)));

-- The text is a constant, so its md5 is taken once a query.
create or replace macro purpose_number(purpose) as md5_number_lower(purpose) & 4294967295;

create or replace macro seed_key(purpose) as mix(
    xor(getvariable('seed')::ubigint, purpose_number(purpose))
);

-- 2654435769 is 2^32 over the golden ratio: neighbouring numbers land far apart before they are
-- mixed.
create or replace macro child_key(parent_key, number) as mix(
    (parent_key * 2654435769::ubigint + number::ubigint) & 4294967295
);

-- Uniform strictly between 0 and 1, so that its logarithm exists.
create or replace macro uniform(draw_key, purpose) as (
    (mix(xor(draw_key, purpose_number(purpose))) + 0.5::double) / 4294967296.0::double
);

-- The logistic quantile scaled to variance 1: as good as a normal for a shop and one draw instead
-- of two. Clipped at four
-- deviations, else a hundred million lines hold an order of millions.
create or replace macro deviation(draw_key, purpose) as (
    least(
        4, greatest(-4, 0.5513 * ln(uniform(draw_key, purpose) / (1 - uniform(draw_key, purpose))))
    )
);

-- A weighted choice is an equality join: each group has 1,000 slots shared out by weight, a draw
-- names a slot.
create or replace macro slot_number(group_number, draw) as (
    group_number::integer * 1000 + floor(draw * 1000)::integer
);

-- The linter would indent the body of a table macro, also its comments and CTEs.
-- noqa: disable=LT02
-- Takes the name of a table with group_number, item_number and weight.
create or replace macro slots_of(weights) as table
with running as (
    select
        group_number,
        item_number,
        sum(weight) over (partition by group_number order by item_number) as weight_through,
        sum(weight) over (partition by group_number) as weight_total
    from query_table(weights)
),

-- Bounds are neighbours' sums, never sum minus weight: rounding could leave a slot to nobody.
bounds as (
    select
        group_number,
        item_number,
        weight_through,
        weight_total,
        coalesce(
            lag(weight_through) over (partition by group_number order by item_number),
            0
        ) as weight_before
    from running
),

positions as (
    select unnest(range(1000))::integer as position
)

select
    bounds.group_number * 1000 + positions.position as slot,
    bounds.item_number
from bounds
inner join positions
    on
        (positions.position + 0.5) * bounds.weight_total / 1000 >= bounds.weight_before
        and (positions.position + 0.5) * bounds.weight_total / 1000 < bounds.weight_through;

-- How often a kind of dirt happens: dirt.csv, or zero for all in a clean shop.
create or replace macro dirt_rate(dirt) as getvariable('dirt_rates')[dirt]::double;
