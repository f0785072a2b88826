with

source as (

    select * from {{ source('accepted', 'deliberations') }}

),

renamed as (

    select
        COLL_NOM,
        COLL_SIRET,
        DELIB_ID,
        DELIB_DATE,
        DELIB_MATIERE_CODE,
        DELIB_MATIERE_NOM,
        DELIB_OBJET,
        BUDGET_ANNEE,
        BUDGET_NOM,
        PREF_ID,
        PREF_DATE,
        VOTE_EFFECTIF,
        VOTE_REEL,
        VOTE_POUR,
        VOTE_CONTRE,
        VOTE_ABSTENTION,
        DELIB_URL,
        {{ provenance_columns() }}

    from source

)

select * from renamed
