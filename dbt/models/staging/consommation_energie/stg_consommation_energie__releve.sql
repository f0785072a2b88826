with

source as (

    select * from {{ source('accepted', 'consommation_energie') }}

),

renamed as (

    select
        point_livraison_id,
        batiment_id,
        batiment_nom,
        batiment_type,
        adresse,
        commune_insee,
        mois,
        energie,
        consommation_kwh,
        surface_m2,
        {{ provenance_columns() }}

    from source

)

select * from renamed
