with

source as (

    select * from {{ source('reference', 'members') }}

),

renamed as (

    select
        member_id,
        siren,
        insee_code,
        member_name,
        kind,
        population

    from source

)

select * from renamed
