select * from {{ ref('publication_files') }}
