{#- Engine-specific SQL stands here and in staging only; each macro is dispatched, so that another engine adds its own. -#}
{% macro year_of(column) -%}
    {{ return(adapter.dispatch('year_of', 'archipel')(column)) }}
{%- endmacro %}

{% macro default__year_of(column) -%}
    cast(extract(year from {{ column }}) as bigint)
{%- endmacro %}

{#- `mois` is text YYYY-MM in the contract. -#}
{% macro year_of_month(column) -%}
    {{ return(adapter.dispatch('year_of_month', 'archipel')(column)) }}
{%- endmacro %}

{% macro default__year_of_month(column) -%}
    cast(substring({{ column }}, 1, 4) as bigint)
{%- endmacro %}
