with

lieux_covoiturage as (

    select * from {{ ref('stg_lieux_covoiturage__lieu') }}

),

final as (

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

    from lieux_covoiturage

)

select * from final
