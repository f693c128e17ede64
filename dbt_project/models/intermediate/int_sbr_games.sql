-- One row per game of SBR's archive. Where two versions of a season are loaded, one of them holds, whatever came first.
{{ config(indexes=[{'columns': ['event_id'], 'unique': true}]) }}

select distinct on (games.event_id)
    games.*,
    files.provenance
from {{ ref('stg_sbr_archive__games') }} as games
inner join {{ source('raw_data', 'archive_files') }} as files on files.load_id = games.load_id
order by games.event_id, files.content_hash
