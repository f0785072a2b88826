package authz_test

import data.system.authz

token := "the platform's"

callers := {crypto.sha256(token)}

_may(call) if authz.allow with input as object.union({"params": {}}, call) with data.engine.callers as callers

_asked(method, path) := {"method": method, "path": path, "identity": token}

decision := ["v1", "data", "archipel", "decision", "answer"]

test_questions_of_the_platform_are_let_through if {
	_may(_asked("POST", decision))
	_may(_asked("POST", ["v1", "data", "archipel", "decision", "outlook"]))
	_may(_asked("POST", ["v1", "data", "archipel", "decision", "policy_version"]))
	_may(_asked("POST", ["v1", "data", "archipel", "explanation", "answer"]))
	_may(_asked("POST", ["v1", "compile", "archipel", "row_filter", "include"]))
	_may(_asked("GET", ["metrics"]))
}

test_nobody_else_is_answered if {
	not _may({"method": "POST", "path": decision})
	not _may({"method": "POST", "path": decision, "identity": ""})
	not _may({"method": "POST", "path": decision, "identity": "another"})
	not _may({"method": "GET", "path": ["metrics"]})
}

test_without_a_known_caller_nobody_is_answered if {
	not authz.allow with input as object.union({"params": {}}, _asked("POST", decision))
}

test_whether_it_lives_is_told_to_everybody if {
	_may({"method": "GET", "path": ["health"]})
	_may({"method": "GET", "path": ["health"], "params": {"bundles": [""]}})
	not _may({"method": "GET", "path": ["health", "else"]})
}

test_a_parameter_is_refused if {
	not _may(object.union(_asked("POST", decision), {"params": {"explain": ["full"]}}))
}

test_nothing_can_be_written_listed_or_read_out if {
	every call in [
		["PUT", ["v1", "data", "facts"]],
		["PATCH", ["v1", "data", "system", "bundles"]],
		["PUT", ["v1", "policies", "mine"]],
		["DELETE", ["v1", "policies", "decision"]],
		["GET", ["v1", "policies"]],
		["GET", ["v1", "data"]],
		["GET", ["v1", "status"]],
		["POST", ["v1", "data", "facts", "agreements"]],
		["POST", ["v1", "data", "archipel", "decision"]],
		["POST", ["v1", "data", "engine", "callers"]],
		["POST", ["v1", "query"]],
		["POST", ["v1", "compile"]],
		["POST", []],
		["POST", [""]],
		["GET", ["v1", "config"]],
	] {
		not _may(_asked(call[0], call[1]))
	}
}
