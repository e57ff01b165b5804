with

publication_files as (

    select * from {{ ref('publication_files') }}

)

select
    publication_files.path,
    publication_files.mart,
    publication_files.format,
    publication_files.rows,
    publication_files.bytes,
    publication_files.checksum,
    publication_files.publication_id
from publication_files
