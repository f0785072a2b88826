with

grants as (

    select * from {{ ref('int_finances__grants_dated') }}
    where beneficiary_id is not null

),

totals as (

    select
        beneficiary_id,
        grant_year,
        min(beneficiary_name) as beneficiary_name,
        count(*) as grants_count,
        count(distinct member_id) as givers_count,
        {{ steady_sum('amount_eur') }} as grants_total_eur

    from grants
    group by beneficiary_id, grant_year

)

select * from totals
