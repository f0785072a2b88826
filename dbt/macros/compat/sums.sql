{#- A sum of fractions depends on the order in which they are added, and engines add in parallel: one order makes the same
    rows give the same bytes. An engine that cannot order inside an aggregate adds as it likes. -#}
{% macro steady_sum(column) -%}
    {{ return(adapter.dispatch('steady_sum', 'archipel')(column)) }}
{%- endmacro %}

{% macro default__steady_sum(column) -%}
    sum({{ column }})
{%- endmacro %}

{% macro duckdb__steady_sum(column) -%}
    sum({{ column }} order by {{ column }})
{%- endmacro %}
