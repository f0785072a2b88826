{#- Statistical secrecy of residential energy: at least 10 delivery points behind a published figure. -#}
{% set smallest_residential_group = 10 %}

with

energy as (

    select * from {{ ref('energy_by_building_type') }}
    where batiment_type <> 'logement'
        or delivery_points_count >= {{ smallest_residential_group }}

),

communes as (

    select * from {{ ref('stg_reference__members') }}
    where kind = 'commune'

),

final as (

    select
        communes.member_id,
        energy.commune_insee,
        energy.commune_name as commune_nom,
        energy.batiment_type,
        energy.energie,
        energy.reading_year as annee,
        energy.delivery_points_count as points_livraison,
        energy.energy_kwh as consommation_kwh

    from energy
    inner join communes on energy.commune_insee = communes.insee_code

)

select * from final
