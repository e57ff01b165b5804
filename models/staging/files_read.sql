{%- set read_before = stored_table('staging', 'files_read') %}

-- depends_on: {{ ref('base_transactions') }}
with files as (

    select * from {{ ref('input_files') }}

),

state as (

    select * from {{ ref('input_state') }}

)

select
    file_name,
    found
from files

{% if read_before and not flags.FULL_REFRESH %}
union all

-- A file that was taken away is not read again when it is put back.
select
    read_before.file_name,
    read_before.found
from {{ read_before }} as read_before
inner join state
    on not state.is_anew
left join files
    on read_before.file_name = files.file_name
where files.file_name is null
{% endif %}
