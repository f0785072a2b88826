with

subventions as (

    select * from {{ ref('stg_subventions__subvention') }}

),

final as (

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

    from subventions

)

select * from final
