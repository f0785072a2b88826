with

readings as (

    select * from {{ ref('int_energie__readings_placed') }}

),

totals as (

    select
        commune_insee,
        commune_name,
        batiment_type,
        energie,
        reading_year,
        count(distinct point_livraison_id) as delivery_points_count,
        {{ steady_sum('consommation_kwh') }} as energy_kwh

    from readings
    group by commune_insee, commune_name, batiment_type, energie, reading_year

)

select * from totals
