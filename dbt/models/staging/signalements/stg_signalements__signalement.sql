with

source as (

    select * from {{ source('accepted', 'signalements') }}

),

renamed as (

    select
        signalement_id,
        date_signalement,
        categorie,
        description,
        adresse,
        commune_insee,
        statut,
        longitude,
        latitude,
        auteur_nom,
        auteur_courriel,
        auteur_telephone,
        {{ provenance_columns() }}

    from source

)

select * from renamed
