package archipel.explanation_test

import data.archipel.example_test as example
import data.archipel.explanation

_matched(asked) := found if {
	found := explanation.matched with input as asked
		with data.facts as example.facts
		with data.system.bundles as example.bundles
}

test_permission_is_among_what_matched if {
	_matched(example.open_request) == {"open_data"}
	_matched(example.covered_request) == {"agreement_in_force"}
}

test_refusal_is_among_what_matched if {
	_matched({}) == {"input_incomplete"}
	_matched(json.remove(example.covered_request, ["/context/purpose"])) == {"purpose_missing"}
}

test_default_that_won_is_a_match if {
	_matched(object.union(example.covered_request, {"target": {"dataset": "odd"}})) == {"no_rule_permits"}
}

test_answer_holds_decision_layers_and_rules if {
	answer := explanation.answer with input as example.open_request
		with data.facts as example.facts
		with data.rules as example.rules
		with data.system.bundles as example.bundles
	object.keys(answer) == {"decision", "layers", "matched", "rules"}
}
