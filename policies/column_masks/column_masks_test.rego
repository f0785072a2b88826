package archipel.column_masks_test

import data.archipel.column_masks
import data.archipel.example_test as example

_closing(dataset, level, columns) := example.with_closures(dataset, {"c": {
	"level": level,
	"member_id": "commune",
	"columns": columns,
	"channels": [],
	"ground": "under_review",
}})

test_open_data_shows_all_but_the_floor if {
	masks := column_masks.masks with input as example.open_request with data.facts as example.facts
	masks == {"species": {"mask": "show"}, "note": {"mask": "show"}, "member_id": {"mask": "show"}}
}

test_agreement_shows_what_it_names_and_the_member if {
	masks := column_masks.masks with input as example.covered_request with data.facts as example.facts
	masks == {"kwh": {"mask": "show"}, "meter": {"mask": "hash"}, "member_id": {"mask": "show"}}
}

test_personal_columns_leave_under_no_agreement if {
	asked := object.union(example.covered_request, {"target": {"dataset": "reports"}})
	masks := column_masks.masks with input as asked with data.facts as example.facts
	object.keys(masks) == {"kind", "member_id"}
}

test_column_closed_by_the_federation_disappears if {
	masks := column_masks.masks with input as example.open_request
		with data.facts as _closing("trees", "federation", ["species"])
	not masks.species
}

test_column_closed_by_a_commune_is_empty_for_its_rows if {
	masks := column_masks.masks with input as example.open_request
		with data.facts as _closing("trees", "member", ["species"])
	masks.species == {"mask": "show", "null_for": ["commune"]}
}

test_nothing_granted_shows_nothing if {
	masks := column_masks.masks with input as {} with data.facts as example.facts
	masks == {}
}
