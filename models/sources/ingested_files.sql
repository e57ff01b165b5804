{%- set read_before = existing_relation('staging', 'ingested_files') %}
{%- set is_read = all_selected(['base_transactions']) %}

-- Not before the view, which looks up here how files were found.
-- depends_on: {{ ref('base_transactions') }}, {{ ref('stg_transactions') }}, {{ ref('ingest_plan') }}
with files as (

    select * from {{ ref('pending_files') }}
    {{ 'where false' if not is_read }}

)

select
    file_name,
    found
from files

{% if read_before and not (is_read and flags.FULL_REFRESH) %}
union all

-- A file that was taken away is not read again when it is put back.
select
    read_before.file_name,
    read_before.found
from {{ read_before }} as read_before
inner join {{ ref('ingest_plan') }} as state
    on not state.is_full_reload or {{ 'false' if is_read else 'true' }}
left join files
    on read_before.file_name = files.file_name
where files.file_name is null
{% endif %}
