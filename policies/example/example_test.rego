# METADATA
# title: Examples for tests
# description: Facts and requests that the tests of all packages share; invented, and never built into a bundle.
package archipel.example_test

steward := "200000001"

commune := "200000002"

partner := "300000001"

facts := {
	"organisations": {steward: {"id": "epci"}, commune: {"id": "commune"}, partner: {"id": "partner"}},
	"datasets": {
		"trees": _dataset("open", {"species": [], "owner_name": ["personal"], "note": ["free_text"]}),
		"meters": _dataset("restricted", {"meter": ["confidential"], "kwh": [], "tenant": ["personal"]}),
		"reports": _dataset("personal", {"kind": [], "note": ["free_text"], "author": ["personal"]}),
		"odd": _dataset("unheard_of", {"kind": []}),
	},
	"agreements": {partner: {
		"meters": {"a1": agreement},
		"reports": {"r1": object.union(agreement, {"legal_basis": "eu-gdpr:A6-1-e", "columns": _every_report_column})},
		"odd": {"o1": agreement},
	}},
	"closures": {},
}

rules := {}

agreement := {
	"state": "finalized",
	"assigner": steward,
	"actions": ["read"],
	"purposes": ["dpv:ResearchAndDevelopment"],
	"channels": ["feed"],
	"legal_basis": null,
	"row_filter": [],
	"columns": {"kwh": {"mask": "show"}, "meter": {"mask": "hash"}, "tenant": {"mask": "show"}, "gone": {"mask": "show"}},
	"duties": [{"code": "attribute"}],
	"valid_from": "2025-12-31T23:00:00Z",
	"valid_until": "2027-12-31T23:00:00Z",
	"first_day": "2026-01-01",
	"last_day": "2027-12-31",
}

open_request := {
	"subject": {"id": "public"},
	"action": "read",
	"target": {"dataset": "trees"},
	"context": {"channel": "feed", "instant": "2026-11-23T10:00:00Z"},
}

covered_request := {
	"subject": {"id": "machine", "organisation": partner},
	"action": "read",
	"target": {"dataset": "meters"},
	"context": {"channel": "feed", "instant": "2026-11-23T10:00:00Z", "purpose": "dpv:ResearchAndDevelopment"},
}

bundles := {"policies": {"manifest": {"revision": "p1"}}, "data": {"manifest": {"revision": "d1"}}}

# Facts in which the agreement differs as given.
facts_where(difference) := with_agreement(object.union(agreement, difference))

with_agreement(terms) := json.patch(facts, [{
	"op": "replace",
	"path": sprintf("/agreements/%s/meters/a1", [partner]),
	"value": terms,
}])

with_closures(dataset, closures) := object.union(facts, {"closures": {dataset: closures}})

_every_report_column := {"kind": {"mask": "show"}, "note": {"mask": "show"}, "author": {"mask": "show"}}

_dataset(classification, columns) := {
	"classification": classification,
	"version": "1.0.0",
	"steward": steward,
	"providers": {"commune": commune, "epci": steward},
	"columns": object.union(columns, {"member_id": ["provenance"]}),
}
