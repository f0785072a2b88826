package archipel.agreement_test

import data.archipel.agreement
import data.archipel.example_test as example

_codes(request, facts) := object.keys(deny) if {
	deny := agreement.deny with input as request with data.facts as facts
}

_is_granted(request, facts) if {
	agreement.granted with input as request with data.facts as facts
}

_asked(difference) := object.union(example.covered_request, difference)

test_covered_request_is_granted if {
	_is_granted(example.covered_request, example.facts)
	_codes(example.covered_request, example.facts) == set()
	permit := agreement.permit with input as example.covered_request with data.facts as example.facts
	contains(permit.agreement_in_force.change_en, "2027-12-31")
}

# What differs in the agreement, and the one reason it must give.
_gaps := [
	[{"state": "requested"}, "agreement_not_finalized"],
	[{"state": "offered"}, "agreement_not_finalized"],
	[{"state": "agreed"}, "agreement_not_finalized"],
	[{"state": "suspended"}, "agreement_suspended"],
	[{"state": "revoked"}, "agreement_revoked"],
	[{"state": "renounced"}, "agreement_renounced"],
	[{"state": "refused"}, "agreement_refused"],
	[{"state": "expired"}, "agreement_expired"],
	[{"valid_until": "2026-11-23T10:00:00Z"}, "agreement_expired"],
	[{"valid_from": "2026-11-23T10:00:01Z"}, "agreement_not_yet_valid"],
	[{"purposes": ["dpv:Marketing"]}, "purpose_not_covered"],
	[{"actions": ["aggregate"]}, "action_not_covered"],
	[{"channels": ["export"]}, "channel_not_covered"],
	[{"assigner": "999999999"}, "assigner_not_entitled"],
	[{"duties": [{"code": "attribute"}, {"code": "pray"}]}, "duty_unsupported"],
]

test_each_gap_refuses_with_its_own_reason if {
	every gap in _gaps {
		facts := example.facts_where(gap[0])
		_codes(example.covered_request, facts) == {gap[1]}
		not _is_granted(example.covered_request, facts)
	}
}

test_revoked_is_not_told_as_expired if {
	facts := example.facts_where({"state": "revoked", "valid_until": "2026-01-01T00:00:00Z"})
	_codes(example.covered_request, facts) == {"agreement_revoked"}
}

test_last_instant_is_covered_and_the_next_is_not if {
	_is_granted(_asked({"context": {"instant": "2027-12-31T22:59:59Z"}}), example.facts)
	_codes(_asked({"context": {"instant": "2027-12-31T23:00:00Z"}}), example.facts) == {"agreement_expired"}
}

test_first_instant_is_covered_and_the_one_before_is_not if {
	_is_granted(_asked({"context": {"instant": "2025-12-31T23:00:00Z"}}), example.facts)
	_codes(_asked({"context": {"instant": "2025-12-31T22:59:59Z"}}), example.facts) == {"agreement_not_yet_valid"}
}

test_purpose_must_be_stated if {
	silent := json.remove(example.covered_request, ["/context/purpose"])
	_codes(silent, example.facts) == {"purpose_missing"}
	not _is_granted(silent, example.facts)
	_codes(_asked({"context": {"purpose": ""}}), example.facts) == {"purpose_missing"}
}

test_organisation_without_agreement_is_told_so if {
	steward := _asked({"subject": {"organisation": example.steward}})
	_codes(steward, example.facts) == {"no_agreement"}
}

test_nobody_and_strangers_are_unknown if {
	nobody := json.remove(example.covered_request, ["/subject/organisation"])
	_codes(nobody, example.facts) == {"subject_unknown"}
	stranger := _asked({"subject": {"organisation": "999999999"}})
	_codes(stranger, example.facts) == {"subject_unknown"}
}

test_agreement_of_somebody_unknown_grants_nothing if {
	facts := json.remove(example.facts, [sprintf("/organisations/%s", [example.partner])])
	not _is_granted(example.covered_request, facts)
}

test_agreement_that_is_named_is_the_only_one_looked_at if {
	_is_granted(_asked({"context": {"agreement_id": "a1"}}), example.facts)
	_codes(_asked({"context": {"agreement_id": "a2"}}), example.facts) == {"no_agreement"}
}

test_among_several_in_force_the_first_by_id_decides if {
	facts := object.union(example.facts, {"agreements": {example.partner: {"meters": {
		"a0": example.agreement,
		"b0": object.union(example.agreement, {"row_filter": []}),
	}}}})
	agreement.granted_id == "a0" with input as example.covered_request with data.facts as facts
}

test_agreement_in_force_wins_over_one_that_ended if {
	ended := object.union(example.agreement, {"state": "expired"})
	facts := object.union(example.facts, {"agreements": {example.partner: {"meters": {"a0": ended}}}})
	agreement.granted_id == "a1" with input as example.covered_request with data.facts as facts
	_codes(example.covered_request, facts) == set()
}

test_nearest_agreement_tells_its_gaps if {
	far := object.union(example.agreement, {"state": "expired", "actions": ["derive"]})
	facts := json.patch(example.facts_where({"state": "suspended"}), [{
		"op": "add",
		"path": sprintf("/agreements/%s/meters/a0", [example.partner]),
		"value": far,
	}])
	_codes(example.covered_request, facts) == {"agreement_suspended"}
}

test_provider_may_be_assigner if {
	_is_granted(example.covered_request, example.facts_where({"assigner": example.commune}))
}

test_personal_data_needs_a_legal_basis if {
	asked := _asked({"target": {"dataset": "reports"}})
	_is_granted(asked, example.facts)
	path := sprintf("/agreements/%s/reports/r1/legal_basis", [example.partner])
	every basis in [null, ""] {
		facts := json.patch(example.facts, [{"op": "replace", "path": path, "value": basis}])
		_codes(asked, facts) == {"classification_personal_without_legal_basis"}
		not _is_granted(asked, facts)
	}
}

test_another_legal_basis_than_the_agreements_is_refused if {
	asked := _asked({"target": {"dataset": "reports"}, "context": {"legal_basis": "eu-gdpr:A6-1-f"}})
	_codes(asked, example.facts) == {"classification_personal_without_legal_basis"}
	same := _asked({"target": {"dataset": "reports"}, "context": {"legal_basis": "eu-gdpr:A6-1-e"}})
	_is_granted(same, example.facts)
}

test_open_data_looks_at_no_agreement if {
	asked := _asked({"target": {"dataset": "trees"}})
	agreement.candidates == {} with input as asked with data.facts as example.facts
	_codes(asked, example.facts) == set()
}
