package log_test

import data.archipel.example_test as example
import data.system.log

_masked(asked) := found if found := log.mask with input as {"path": "archipel/decision/answer", "input": asked}

test_account_is_never_written if {
	_masked(example.covered_request) == {"/input/subject/id"}
}

test_a_question_with_words_that_are_not_ours_is_not_written_at_all if {
	every odd in [
		object.union(example.covered_request, {"row": {"auteur_nom": "exemple"}}),
		object.union(example.covered_request, {"rows": []}),
		object.union(example.covered_request, {"subject": {"token": "exemple"}}),
		object.union(example.covered_request, {"target": {"value": 1}}),
		object.union(example.covered_request, {"action": {"a": "b"}}),
		object.union(example.covered_request, {"context": "exemple"}),
		"exemple",
		["exemple"],
	] {
		"/input" in _masked(odd)
	}
}

test_words_of_reasons_and_rules_are_left_to_the_bundle if {
	reason := {"code": "open_data", "rule": "r", "text_fr": "f", "text_en": "e"}
	masks := {"kind": {"mask": "show"}}
	result := {"allow": true, "column_masks": masks, "reasons": [reason], "rules": {"open_data": {}}}
	found := log.mask with input as {"input": example.open_request, "result": result}
	found == {
		"/input/subject/id",
		"/result/column_masks",
		"/result/reasons/0/text_fr",
		"/result/reasons/0/text_en",
		"/result/rules",
	}
}

test_looking_whether_the_engine_answers_is_not_a_decision if {
	log.drop with input as {"path": "archipel/decision/policy_version"}
	log.drop with input as {"path": "archipel/row_filter/include"}
	not log.drop with input as {"path": "archipel/decision/answer"}
}
