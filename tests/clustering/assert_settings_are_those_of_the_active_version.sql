-- It warns: settings or seeds of the fit were changed, and what is stored was fitted with the old
-- ones until someone refits. It names each of them: a version stores twenty.
{{ config(severity='warn') }}

with settings_now as (

    {{ fit_settings_with_seeds() | indent(4) }}

),

changed as (

    select
        versions.model_version,
        cast(versions.settings as json) as fitted,
        cast(settings_now.settings as json) as now_set
    from {{ ref('model_versions') }} as versions
    inner join settings_now
        on versions.settings <> settings_now.settings
    where versions.is_active

),

-- A release may add or drop a setting.
named as (

    select
        model_version,
        fitted,
        now_set,
        unnest(list_distinct(list_concat(json_keys(fitted), json_keys(now_set)))) as setting
    from changed

),

compared as (

    select
        model_version,
        setting,
        coalesce(cast(json_extract(fitted, '$.' || setting) as varchar), 'not set') as fitted_with,
        coalesce(cast(json_extract(now_set, '$.' || setting) as varchar), 'not set') as now_set
    from named

)

select
    concat(
        'Version ', model_version, ' was fitted with other settings: ',
        string_agg(
            case
                when setting = 'seeds'
                    then 'the seeds cluster_levels or persona_prototypes have changed'
                when setting like '%_param_grids' then setting || ' has changed'
                else concat(setting, ' is ', now_set, ' and was ', fitted_with)
            end, ', '
            order by setting
        ),
        '; add refit: true to have the change take effect.'
    ) as warning
from compared
where fitted_with <> now_set
group by model_version
