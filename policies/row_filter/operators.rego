# The closed list of operators. A range never holds for an empty cell: Rego sorts null before everything, SQL does not.
package archipel.row_filter

_matches(condition) if {
	condition.operator == "eq"
	input.row[condition.column] == condition.value
}

_matches(condition) if {
	condition.operator == "ne"
	input.row[condition.column] != condition.value
}

_matches(condition) if {
	condition.operator == "in"
	input.row[condition.column] in condition.value
}

_matches(condition) if {
	condition.operator == "not_in"
	not input.row[condition.column] in condition.value
}

_matches(condition) if {
	condition.operator == "lt"
	input.row[condition.column] != null
	input.row[condition.column] < condition.value
}

_matches(condition) if {
	condition.operator == "le"
	input.row[condition.column] != null
	input.row[condition.column] <= condition.value
}

_matches(condition) if {
	condition.operator == "gt"
	input.row[condition.column] != null
	input.row[condition.column] > condition.value
}

_matches(condition) if {
	condition.operator == "ge"
	input.row[condition.column] != null
	input.row[condition.column] >= condition.value
}

_matches(condition) if {
	condition.operator == "startswith"
	startswith(input.row[condition.column], condition.value)
}

_matches(condition) if {
	condition.operator == "endswith"
	endswith(input.row[condition.column], condition.value)
}

_matches(condition) if {
	condition.operator == "contains"
	contains(input.row[condition.column], condition.value)
}

_matches(condition) if {
	condition.operator == "not_startswith"
	not startswith(input.row[condition.column], condition.value)
}

_matches(condition) if {
	condition.operator == "not_contains"
	not contains(input.row[condition.column], condition.value)
}
