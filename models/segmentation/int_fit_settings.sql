{{ config(materialized='view') }}

{{ fit_settings_with_seeds() }}
