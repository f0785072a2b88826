{#- The columns that say where a row comes from; on every model that keeps rows of members. -#}
{% macro provenance_columns() -%}
member_id,
    source_id,
    file_sha256,
    line_number,
    run_id,
    contract_version
{%- endmacro %}
