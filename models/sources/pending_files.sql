{%- set read_before = existing_relation('staging', 'ingested_files') %}
{%- set files = transactions_input().files if execute else {'': none} %}

-- Taken down before they are read: a file that grows meanwhile is read again by the next build. A table tells nothing of when it
-- changed, and is always read.
with files as (

    {% for file_name, found in files.items() %}
    select
        {{ sql_text(file_name) }} as file_name,
        {{ 'cast(null as varchar)' if found is none else sql_text(tojson(found, sort_keys=true)) }} as found
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    files.file_name,
    files.found,
    {% if read_before %}
    state.is_full_reload or files.found is null or coalesce(read_before.found <> files.found, true) as is_due
    {% else %}
    state.is_full_reload as is_due
    {% endif %}
from files
cross join {{ ref('ingest_plan') }} as state
{% if read_before %}
left join {{ read_before }} as read_before
    on files.file_name = read_before.file_name
{% endif %}
