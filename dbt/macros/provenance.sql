{#- The columns that say where a row comes from, and who else gives it; on every model that keeps rows of members. -#}
{% macro provenance_columns() -%}
member_id,
    source_id,
    file_sha256,
    line_number,
    run_id,
    contract_version,
    overlap
{%- endmacro %}
