with

grants as (

    select * from {{ ref('grants_per_inhabitant') }}

),

final as (

    select
        member_id,
        insee_code as commune_insee,
        member_name as nom_attribuant,
        grant_year as annee,
        population,
        grants_count as nombre_subventions,
        grants_total_eur as montant_total_eur,
        grants_eur_per_inhabitant as montant_par_habitant_eur

    from grants

)

select * from final
