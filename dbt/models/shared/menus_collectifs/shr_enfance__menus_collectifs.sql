with

menus_collectifs as (

    select * from {{ ref('stg_menus_collectifs__plat') }}

),

final as (

    select
        menuCollNom,
        menuCollSiret,
        menuEtablissementNom,
        menuEtablissementSiret,
        menuRestaurantNom,
        menuRestaurantInsee,
        menuRestaurantId,
        menuRestaurantIdType,
        menuRestaurantType,
        menuRestaurantConvive,
        menuDate,
        menuRepasType,
        menuPlatType,
        menuPlatNom,
        menuPlatCode,
        menuPlatSiqo,
        menuPlatLabel,
        menuPlatPrecision,
        menuPlatRegime,
        menuPlatAllergene,
        menuPlatTexture,
        menuPlatNutriscore,
        menuPlatPrix,
        menuPublicationDate,
        menuModificationDate,
        menuModificationInfo,
        {{ provenance_columns() }}

    from menus_collectifs

)

select * from final
