with

consommation_energie as (

    select * from {{ ref('stg_consommation_energie__releve') }}

),

final as (

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

    from consommation_energie

)

select * from final
