with

readings as (

    select * from {{ ref('stg_consommation_energie__releve') }}

),

communes as (

    select * from {{ ref('stg_reference__members') }}
    where kind = 'commune'

),

placed as (

    select
        readings.point_livraison_id,
        readings.batiment_id,
        readings.batiment_type,
        readings.energie,
        readings.commune_insee,
        communes.member_name as commune_name,
        {{ year_of_month('readings.mois') }} as reading_year,
        readings.consommation_kwh

    from readings
    left join communes on readings.commune_insee = communes.insee_code

)

select * from placed
