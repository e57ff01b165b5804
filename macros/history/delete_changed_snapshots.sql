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
    Whether this run writes the history: it does where it builds all of the chain. What an earlier
    run left of a part would pass for what this run found.
-#}
{% macro writes_history() -%}
    {{ return(all_selected([
        'int_snapshot_dates',
        'int_history_delta',
        'int_segment_moves',
        'int_counterfactual_segments',
        'int_segment_snapshots',
    ])) }}
{%- endmacro %}


{#-
    Raises a sentence where a run would build all of the history's table from a part of the history.
-#}
{% macro validate_history_selection() -%}
    {%- set is_run = execute and flags.WHICH in ['build', 'run'] -%}
    {%- if is_run and not is_incremental() and not writes_history() -%}
        {{ exceptions.raise_compiler_error(
            "This run would build 'int_segment_snapshots' as a whole, but leaves out models that it "
            ~ "is made of. Run 'dbt build', or select '+int_segment_snapshots'."
        ) }}
    {%- endif -%}
{%- endmacro %}
