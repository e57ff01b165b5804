-- It warns: settings or seeds of the fit were changed, and what is stored was fitted with the old ones until someone refits.
{{ config(severity='warn') }}

select distinct
    concat(
        'Version ', rules.model_version, ' was fitted with ', rules.settings, ', and now is set ', settings_now.settings,
        ': add refit: true to have the change take effect.'
    ) as warning
from {{ ref('int_active_rules') }} as rules
inner join {{ ref('int_fit_settings') }} as settings_now
    on rules.settings <> settings_now.settings
