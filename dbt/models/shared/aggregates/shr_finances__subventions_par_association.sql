with

grants as (

    select * from {{ ref('grants_per_association') }}

),

final as (

    select
        beneficiary_id as id_beneficiaire,
        beneficiary_name as nom_beneficiaire,
        grant_year as annee,
        grants_count as nombre_subventions,
        givers_count as nombre_attribuants,
        grants_total_eur as montant_total_eur

    from grants

)

select * from final
