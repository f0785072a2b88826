package archipel.decision_test

import data.archipel.agreement
import data.archipel.classification
import data.archipel.closure
import data.archipel.decision
import data.archipel.example_test as example
import data.archipel.request

_answer(asked, facts) := answer if {
	answer := decision.answer with input as asked with data.facts as facts with data.system.bundles as example.bundles
}

_codes(answer) := {reason.code | some reason in answer.reasons}

test_nothing_is_permitted_by_default if {
	not decision.allow with input as {} with data.facts as {}
	not decision.allow with input as {} with data.facts as example.facts
	not decision.allow with input as example.open_request with data.facts as {}
}

test_empty_request_is_answered_with_a_reason if {
	answer := _answer({}, example.facts)
	answer.allow == false
	_codes(answer) == {"input_incomplete"}
	answer.column_masks == {}
	answer.duties == []
	answer.valid_until == "1970-01-01T00:00:00Z"
}

test_open_data_is_allowed_to_nobody_in_particular if {
	answer := _answer(example.open_request, example.facts)
	answer.allow == true
	_codes(answer) == {"open_data"}
	answer.duties == [{"code": "attribute"}]
	answer.agreement_id == null
	answer.policy_version == "p1+d1"
	answer.valid_until == "2026-11-23T10:05:00Z"
}

test_agreement_in_force_is_allowed if {
	answer := _answer(example.covered_request, example.facts)
	answer.allow == true
	_codes(answer) == {"agreement_in_force"}
	answer.agreement_id == "a1"
	answer.duties == [{"code": "attribute"}]
	count(answer.column_masks) == 3
}

test_answer_holds_no_longer_than_the_agreement if {
	last := object.union(example.covered_request, {"context": {"instant": "2027-12-31T22:58:00Z"}})
	_answer(last, example.facts).valid_until == "2027-12-31T23:00:00Z"
}

test_refusal_shows_nothing if {
	answer := _answer(json.remove(example.covered_request, ["/context/purpose"]), example.facts)
	answer.allow == false
	answer.agreement_id == null
	answer.column_masks == {}
	answer.duties == []
	_codes(answer) == {"purpose_missing"}
}

test_unheard_of_access_level_is_refused_whatever_is_agreed if {
	asked := object.union(example.covered_request, {"target": {"dataset": "odd"}})
	answer := _answer(asked, example.facts)
	answer.allow == false
	_codes(answer) == {"no_rule_permits"}
}

test_deny_overrides_a_permission if {
	facts := example.with_closures("meters", {"c": {
		"level": "federation",
		"member_id": "epci",
		"columns": [],
		"channels": [],
		"ground": "under_review",
	}})
	answer := _answer(example.covered_request, facts)
	answer.allow == false
	_codes(answer) == {"closed_by_federation"}
}

test_published_restricted_data_is_told_as_such_and_no_more if {
	asked := object.union(example.covered_request, {"context": {"channel": "publish"}})
	_codes(_answer(asked, example.facts)) == {"classification_not_published"}
}

test_outlook_is_the_answer if {
	told := decision.outlook with input as example.covered_request
		with data.facts as example.facts
		with data.system.bundles as example.bundles
	told == _answer(example.covered_request, example.facts)
}

test_no_bundle_is_no_answer if {
	not decision.answer with input as example.open_request with data.facts as example.facts with data.system.bundles as {}
}

# Allowed exactly where no rule refuses: the positive conditions and the reasons of refusals cannot drift apart.
test_allowed_exactly_where_nothing_refuses if {
	states := ["requested", "finalized", "suspended", "revoked", "renounced", "refused", "expired"]
	some_asked := [
		example.covered_request,
		json.remove(example.covered_request, ["/context/purpose"]),
		json.remove(example.covered_request, ["/subject/organisation"]),
		object.union(example.covered_request, {"action": "derive"}),
		object.union(example.covered_request, {"context": {"channel": "export"}}),
		object.union(example.covered_request, {"context": {"instant": "2030-01-01T00:00:00Z"}}),
		object.union(example.covered_request, {"context": {"instant": "2020-01-01T00:00:00Z"}}),
		object.union(example.covered_request, {"target": {"member_id": "commune"}}),
	]
	every state in states {
		facts := example.facts_where({"state": state})
		every asked in some_asked {
			_agree(_is_allowed(asked, facts), count(_refusals(asked, facts)))
		}
	}
}

test_layers_considered if {
	layers := decision.layers with input as {} with data.facts as example.facts
	layers == ["request"]
	open := decision.layers with input as example.open_request with data.facts as example.facts
	open == ["request", "closure", "classification"]
	restricted := decision.layers with input as example.covered_request with data.facts as example.facts
	restricted == ["request", "closure", "classification", "agreement"]
}

_is_allowed(asked, facts) := allowed if {
	allowed := decision.allow with input as asked with data.facts as facts
}

_refusals(asked, facts) := found if {
	found := object.union_n([request.deny, closure.deny, classification.deny, agreement.deny]) with input as asked
		with data.facts as facts
}

_agree(true, 0)

_agree(false, refusals) if refusals > 0
