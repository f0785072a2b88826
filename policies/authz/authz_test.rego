package authz_test

import data.system.authz

_may(method, path) if authz.allow with input as {"method": method, "path": path}

test_questions_of_the_platform_are_let_through if {
	_may("POST", ["v1", "data", "archipel", "decision", "answer"])
	_may("POST", ["v1", "data", "archipel", "explanation", "answer"])
	_may("POST", ["v1", "compile", "archipel", "row_filter", "include"])
	_may("GET", ["health"])
	_may("GET", ["metrics"])
}

test_nothing_can_be_written_listed_or_read_out if {
	every call in [
		["PUT", ["v1", "data", "facts"]],
		["PATCH", ["v1", "data", "system", "bundles"]],
		["PUT", ["v1", "policies", "mine"]],
		["DELETE", ["v1", "policies", "decision"]],
		["GET", ["v1", "policies"]],
		["GET", ["v1", "data"]],
		["POST", ["v1", "data", "facts", "agreements"]],
		["POST", ["v1", "query"]],
		["POST", ["v1", "compile"]],
		["POST", []],
		["GET", ["v1", "config"]],
	] {
		not _may(call[0], call[1])
	}
}
