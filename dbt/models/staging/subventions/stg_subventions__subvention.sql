with

source as (

    select * from {{ source('accepted', 'subventions') }}

),

renamed as (

    select
        nomAttribuant,
        idAttribuant,
        dateConvention,
        referenceDecision,
        nomBeneficiaire,
        idBeneficiaire,
        rnaBeneficiaire,
        objet,
        montant,
        nature,
        conditionsVersement,
        datesPeriodeVersement,
        idRAE,
        notificationUE,
        pourcentageSubvention,
        dispositifAide,
        {{ provenance_columns() }}

    from source

)

select * from renamed
