{#- A view takes no constraint: this holds it to the columns that its contract calls not_null, in one pass over them, and
    refuses what it does not know, so that no constraint is written down and forgotten. For a post-hook. -#}
{% macro require_filled() -%}
    {%- if execute -%}
        {%- set required = [] -%}
        {%- for column in model.columns.values() -%}
            {%- for constraint in column.constraints -%}
                {%- if constraint.type != 'not_null' -%}
                    {{ exceptions.raise_compiler_error(column.name ~ ": nothing enforces a constraint of type " ~ constraint.type) }}
                {%- endif -%}
                {%- do required.append(column.name) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- if model.constraints -%}
            {{ exceptions.raise_compiler_error("nothing enforces constraints of a whole model; write them beside its columns") }}
        {%- endif -%}
        {%- if required -%}
            {%- set counted -%}
                select
                {%- for name in required %} count(*) - count({{ adapter.quote(name) }}){{ "," if not loop.last }} {%- endfor %}
                from {{ this }}
            {%- endset -%}
            {%- for name, empty in zip(required, run_query(counted).rows[0].values()) if empty -%}
                {{ exceptions.raise_compiler_error(name ~ ": required, and empty in " ~ empty ~ " rows") }}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
