with

source as (

    select * from {{ source('accepted', 'lieux_covoiturage') }}

),

renamed as (

    select
        id_local,
        nom_lieu,
        ad_lieu,
        com_lieu,
        insee,
        type,
        date_maj,
        ouvert,
        source,
        Xlong,
        Ylat,
        nbre_pl,
        nbre_pmr,
        duree,
        horaires,
        proprio,
        lumiere,
        comm,
        {{ provenance_columns() }}

    from source

)

select * from renamed
