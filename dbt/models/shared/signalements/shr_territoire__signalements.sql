with

signalements as (

    select * from {{ ref('stg_signalements__signalement') }}

),

final as (

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

    from signalements

)

select * from final
