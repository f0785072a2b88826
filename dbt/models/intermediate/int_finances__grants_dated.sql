with

grants as (

    select * from {{ ref('stg_subventions__subvention') }}

),

members as (

    select * from {{ ref('stg_reference__members') }}

),

dated as (

    select
        grants.member_id,
        grants.line_number,
        grants.file_sha256,
        members.insee_code,
        members.member_name,
        members.population,
        coalesce(grants.idBeneficiaire, grants.rnaBeneficiaire) as beneficiary_id,
        grants.nomBeneficiaire as beneficiary_name,
        {{ year_of('grants.dateConvention') }} as grant_year,
        grants.montant as amount_eur

    from grants
    inner join members on grants.member_id = members.member_id

)

select * from dated
