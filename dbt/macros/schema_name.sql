{#- Schemas bear the layer's name alone, so that a table's address says what it may be used for. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or node.fqn[1] }}
{%- endmacro %}
