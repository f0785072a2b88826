package archipel.closure_test

import data.archipel.closure
import data.archipel.decision
import data.archipel.example_test as example

_by_federation := {"level": "federation", "member_id": "epci", "columns": [], "channels": [], "ground": "under_review"}

_by_commune := {"level": "member", "member_id": "commune", "columns": [], "channels": [], "ground": "under_review"}

test_no_closure_is_clear if {
	closure.is_clear with input as example.open_request with data.facts as example.facts
}

test_closure_of_another_dataset_changes_nothing if {
	facts := example.with_closures("meters", {"c": _by_federation})
	closure.is_clear with input as example.open_request with data.facts as facts
}

test_federation_closes_a_dataset_for_everybody if {
	facts := example.with_closures("trees", {"c": _by_federation})
	deny := closure.deny with input as example.open_request with data.facts as facts
	object.keys(deny) == {"closed_by_federation"}
	not closure.is_clear with input as example.open_request with data.facts as facts
	not decision.allow with input as example.open_request with data.facts as facts
}

test_closure_holds_only_at_its_door if {
	facts := example.with_closures("trees", {"c": object.union(_by_federation, {"channels": ["publish"]})})
	closure.is_clear with input as example.open_request with data.facts as facts
	publish := object.union(example.open_request, {"context": {"channel": "publish"}})
	not closure.is_clear with input as publish with data.facts as facts
}

test_commune_closes_its_rows_and_the_rest_stays if {
	facts := example.with_closures("trees", {"c": _by_commune})
	closure.members == {"commune"} with input as example.open_request with data.facts as facts
	closure.is_clear with input as example.open_request with data.facts as facts
}

test_part_of_a_commune_that_closed_is_refused if {
	facts := example.with_closures("trees", {"c": _by_commune})
	asked := object.union(example.open_request, {"target": {"member_id": "commune"}})
	deny := closure.deny with input as asked with data.facts as facts
	object.keys(deny) == {"closed_by_member"}
	not decision.allow with input as asked with data.facts as facts
}

test_dataset_that_every_provider_closed_is_refused if {
	facts := example.with_closures("trees", {"c": _by_commune, "d": object.union(_by_commune, {"member_id": "epci"})})
	deny := closure.deny with input as example.open_request with data.facts as facts
	object.keys(deny) == {"closed_by_member"}
}

test_reason_of_a_closure_names_nobody if {
	facts := example.with_closures("trees", {"c": _by_commune, "d": object.union(_by_commune, {"member_id": "epci"})})
	deny := closure.deny with input as example.open_request with data.facts as facts
	not contains(json.marshal(deny), "commune")
}

test_column_closed_by_the_federation_is_for_every_row if {
	facts := example.with_closures("trees", {"c": object.union(_by_federation, {"columns": ["species"]})})
	closure.columns == {"species"} with input as example.open_request with data.facts as facts
	closure.is_clear with input as example.open_request with data.facts as facts
}

test_column_closed_by_a_commune_is_for_its_rows if {
	facts := example.with_closures("trees", {"c": object.union(_by_commune, {"columns": ["species"]})})
	closure.members_by_column == {"species": {"commune"}} with input as example.open_request with data.facts as facts
	closure.members == set() with input as example.open_request with data.facts as facts
}
