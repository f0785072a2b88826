# The closed list of operators, first argument constant so that OPA finds the one by its index. A range never holds for an
# empty cell: Rego sorts null before everything, SQL does not.
package archipel.row_filter

_matches("eq", column, value) if input.row[column] == value

_matches("ne", column, value) if input.row[column] != value

_matches("in", column, value) if input.row[column] in value

_matches("not_in", column, value) if not input.row[column] in value

_matches("lt", column, value) if {
	input.row[column] != null
	input.row[column] < value
}

_matches("le", column, value) if {
	input.row[column] != null
	input.row[column] <= value
}

_matches("gt", column, value) if {
	input.row[column] != null
	input.row[column] > value
}

_matches("ge", column, value) if {
	input.row[column] != null
	input.row[column] >= value
}

_matches("startswith", column, value) if startswith(input.row[column], value)

_matches("endswith", column, value) if endswith(input.row[column], value)

_matches("contains", column, value) if contains(input.row[column], value)

_matches("not_startswith", column, value) if not startswith(input.row[column], value)

_matches("not_contains", column, value) if not contains(input.row[column], value)
