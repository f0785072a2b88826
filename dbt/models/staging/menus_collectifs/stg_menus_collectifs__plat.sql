with

source as (

    select * from {{ source('accepted', 'menus_collectifs') }}

),

renamed as (

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

    from source

)

select * from renamed
