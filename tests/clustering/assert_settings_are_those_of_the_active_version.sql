-- It warns: settings or seeds of the fit were changed, and what is stored was fitted with the old
-- ones until someone refits.
{{ config(severity='warn') }}

with settings_now as (

    {{ fit_settings_with_seeds() | indent(4) }}

)

select
    concat(
        'Version ', versions.model_version, ' was fitted with ', versions.settings,
        ', and now is set ', settings_now.settings,
        ': add refit: true to have the change take effect.'
    ) as warning
from {{ ref('model_versions') }} as versions
inner join settings_now
    on versions.settings <> settings_now.settings
where versions.is_active
