package archipel.row_filter_test

import data.archipel.example_test as example
import data.archipel.row_filter

_row := {"member_id": "epci", "name": "Éc_le 100%", "kwh": 12, "empty": null}

_is_included(request, facts, row) if {
	row_filter.include with input as object.union(request, {"row": row})
		with data.facts as facts
		with data.system.bundles as example.bundles
}

_facts(conditions) := example.facts_where({"row_filter": conditions})

_holds(operator, column, value) if {
	_is_included(example.covered_request, _facts([{"column": column, "operator": operator, "value": value}]), _row)
}

test_open_rows_are_included if {
	_is_included(example.open_request, example.facts, _row)
}

test_no_condition_includes_every_row if {
	_is_included(example.covered_request, example.facts, _row)
}

test_each_operator_that_holds if {
	every one in [
		["eq", "kwh", 12], ["eq", "empty", null], ["ne", "kwh", 13], ["ne", "empty", 1],
		["in", "kwh", [11, 12]], ["in", "empty", [null]], ["not_in", "kwh", [11]], ["not_in", "empty", [1]],
		["lt", "kwh", 13], ["le", "kwh", 12], ["gt", "kwh", 11], ["ge", "kwh", 12],
		["startswith", "name", "Éc_"], ["endswith", "name", "%"], ["contains", "name", "100"],
		["not_startswith", "name", "Ec"], ["not_contains", "name", "_ _"],
		["not_startswith", "empty", "a"], ["not_contains", "empty", "a"],
	] {
		_holds(one[0], one[1], one[2])
	}
}

test_each_operator_that_does_not_hold if {
	every one in [
		["eq", "kwh", 13], ["eq", "empty", 1], ["ne", "kwh", 12], ["ne", "empty", null],
		["in", "kwh", []], ["in", "empty", [1]], ["not_in", "kwh", [12]], ["not_in", "empty", [null]],
		["lt", "kwh", 12], ["le", "kwh", 11], ["gt", "kwh", 12], ["ge", "kwh", 13],
		["startswith", "name", "Ec"], ["endswith", "name", "_"], ["contains", "name", "10_%"],
		["not_startswith", "name", "Éc"], ["not_contains", "name", "100%"],
		["like", "name", "%"],
	] {
		not _holds(one[0], one[1], one[2])
	}
}

test_range_never_holds_for_an_empty_cell if {
	every operator in ["lt", "le", "gt", "ge", "startswith", "endswith", "contains"] {
		not _holds(operator, "empty", 0)
		not _holds(operator, "empty", "a")
	}
}

test_conditions_hold_together if {
	yes := {"column": "kwh", "operator": "eq", "value": 12}
	no := {"column": "kwh", "operator": "eq", "value": 13}
	every length in numbers.range(1, 8) {
		all_hold := [yes | some _ in numbers.range(1, length)]
		_is_included(example.covered_request, _facts(all_hold), _row)
		one_fails := array.concat(array.slice(all_hold, 1, length), [no])
		not _is_included(example.covered_request, _facts(one_fails), _row)
	}
}

test_more_conditions_than_can_be_carried_out_include_nothing if {
	many := [{"column": "kwh", "operator": "eq", "value": 12} | some _ in numbers.range(1, 9)]
	not _is_included(example.covered_request, _facts(many), _row)
}

test_refused_request_includes_nothing if {
	not _is_included(json.remove(example.covered_request, ["/context/purpose"]), example.facts, _row)
}

test_part_asked_includes_only_its_rows if {
	asked := object.union(example.open_request, {"target": {"member_id": "commune"}})
	not _is_included(asked, example.facts, _row)
	_is_included(asked, example.facts, object.union(_row, {"member_id": "commune"}))
}

test_rows_that_a_commune_closed_are_left_out if {
	facts := example.with_closures("trees", {"c": {
		"level": "member",
		"member_id": "commune",
		"columns": [],
		"channels": [],
		"ground": "under_review",
	}})
	_is_included(example.open_request, facts, _row)
	not _is_included(example.open_request, facts, object.union(_row, {"member_id": "commune"}))
	not _is_included(example.open_request, facts, object.union(_row, {"member_id": null}))
}

test_provider_gives_only_its_own_rows if {
	facts := example.facts_where({"assigner": example.commune})
	not _is_included(example.covered_request, facts, _row)
	_is_included(example.covered_request, facts, object.union(_row, {"member_id": "commune"}))
}

test_filter_of_another_bundle_includes_nothing if {
	same := object.union(example.open_request, {"context": {"policy_version": "p1+d1"}})
	_is_included(same, example.facts, _row)
	other := object.union(example.open_request, {"context": {"policy_version": "p1+d0"}})
	not _is_included(other, example.facts, _row)
}
