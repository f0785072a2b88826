with

source as (

    select * from {{ source('accepted', 'equipements') }}

),

renamed as (

    select
        COLL_NOM,
        COLL_SIRET,
        EQUIP_UID,
        EQUIP_THEME,
        EQUIP_CODE,
        EQUIP_TYPE,
        EQUIP_NOM,
        ADR_NUMERO,
        ADR_NOMVOIE,
        ADR_CODEPOSTAL,
        ADR_COMMUNE,
        ADR_CLE_INTEROP,
        ERP_ID,
        ERP_TYPE,
        ERP_CATEGORIE,
        EQUIP_LAT,
        EQUIP_LONG,
        EQUIP_OUVERTURE,
        EQUIP_TEL,
        EQUIP_EMAIL,
        EQUIP_WEB,
        {{ provenance_columns() }}

    from source

)

select * from renamed
