{#-
    SQL: deletes the snapshots that the build writes again: all of dates that are due or no longer snapshot dates, and single ones that
    changed. Runs in the transaction that appends the new ones.
-#}
{% macro delete_changed_snapshots() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} as snapshots
        where
            snapshots.as_of_date not in (
                select dates.as_of_date
                from {{ ref('int_snapshot_dates') }} as dates
                where not dates.is_due
            )
            or exists (
                select 1
                from {{ ref('int_segment_moves') }} as moves
                where
                    moves.customer_id = snapshots.customer_id
                    and moves.as_of_date = snapshots.as_of_date
            )
    {%- endif -%}
{%- endmacro %}
