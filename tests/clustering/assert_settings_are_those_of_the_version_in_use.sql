-- It warns: settings of the fit were changed, and what is stored was fitted with the old ones until someone asks for a refit.
{{ config(severity='warn') }}

select distinct
    rules_version,
    settings as fitted_with,
    '{{ fit_settings() }}' as set_now
from {{ ref('int_rules_in_use') }}
where settings <> '{{ fit_settings() }}'
