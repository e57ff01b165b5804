select *
from {{ ref('cancellation_matches') }}
where ordered_at > cancelled_at
