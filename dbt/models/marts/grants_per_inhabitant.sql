with

grants as (

    select * from {{ ref('int_finances__grants_dated') }}
    where population is not null

),

totals as (

    select
        member_id,
        insee_code,
        member_name,
        grant_year,
        max(population) as population,
        count(*) as grants_count,
        {{ steady_sum('amount_eur') }} as grants_total_eur

    from grants
    group by member_id, insee_code, member_name, grant_year

),

per_inhabitant as (

    select
        *,
        grants_total_eur / population as grants_eur_per_inhabitant

    from totals

)

select * from per_inhabitant
