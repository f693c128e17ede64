-- Every spelling of a club that the platform knows: those it came with and those it was taught (`mlb alias add`).
{{ config(materialized='table', indexes=[{'columns': ['alias'], 'unique': true}]) }}

select alias, team_id from {{ ref('team_aliases') }}
union all
select taught.alias, taught.team_id
from {{ source('operational', 'team_aliases') }} as taught
where not exists (select from {{ ref('team_aliases') }} as known where known.alias = taught.alias)
