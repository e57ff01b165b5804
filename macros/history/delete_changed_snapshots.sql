{#-
    SQL: what `int_segment_snapshots` deletes before it writes; nothing where the run leaves part of
    the history out.
-#}
{% macro delete_changed_snapshots() -%}
    {%- if is_incremental() and writes_history() -%}
        {{ delete_snapshots(this) }}
    {%- elif is_incremental() and execute -%}
        {%- do log(
            "The history stays as it is, because this run leaves out models that it is made of. "
            ~ "The next 'dbt build' or 'make refresh' reports what is new.", info=true
        ) -%}
    {%- endif -%}
{%- endmacro %}


{#-
    SQL: deletes the snapshots that the build writes again, and those of dates that are no snapshot
    dates of this shop any more. Runs in the transaction that writes the new ones.
-#}
{% macro delete_snapshots(snapshots) -%}
    delete from {{ snapshots }} as snapshots
    where
        snapshots.as_of_date not in (
            select dates.as_of_date
            from {{ ref('int_snapshot_dates') }} as dates
            where dates.was_reported
        )
        or exists (
            select 1
            from {{ ref('int_segment_moves') }} as moves
            where
                moves.customer_id = snapshots.customer_id
                and moves.as_of_date = snapshots.as_of_date
        )
{%- endmacro %}


{#-
    Whether this run writes the history: it does where it builds all of the chain, from the input's
    rows on. What an earlier run left of a part would pass for what this run found: days that are
    processed without their rows would get marks of late data when the rows follow.
-#}
{% macro writes_history() -%}
    {{ return(builds_history_tables() and all_selected([
        'ingest_plan',
        'int_changed_lines',
        'int_as_of_dates',
        'int_order_events_daily',
        'int_order_states_scd2',
        'int_customer_states_scd2',
    ])) }}
{%- endmacro %}


{#- Whether this run builds all tables of the history from what is in `core`. -#}
{% macro builds_history_tables() -%}
    {{ return(all_selected([
        'int_snapshot_dates',
        'int_segment_moves',
        'int_counterfactual_segments',
        'int_segment_snapshots',
    ])) }}
{%- endmacro %}


{#-
    Raises a sentence where a run would build all of the history's table from a part of the history.
    Such a run marks nothing, so `core` may be as an earlier run left it.
-#}
{% macro validate_history_selection() -%}
    {%- set is_run = execute and flags.WHICH in ['build', 'run'] -%}
    {%- if is_run and not is_incremental() and not builds_history_tables() -%}
        {{ exceptions.raise_compiler_error(
            "This run would build 'int_segment_snapshots' as a whole, but leaves out models that "
            ~ "it is made of. Run 'dbt build', or select '+int_segment_snapshots'."
        ) }}
    {%- endif -%}
{%- endmacro %}
