package archipel.classification_test

import data.archipel.classification
import data.archipel.example_test as example

_for(dataset, channel) := object.union(example.open_request, {
	"target": {"dataset": dataset},
	"context": {"channel": channel},
})

test_open_data_leaves_by_every_door if {
	every channel in {"export", "feed", "preview", "publish"} {
		classification.is_open with input as _for("trees", channel) with data.facts as example.facts
		classification.deny == {} with input as _for("trees", channel) with data.facts as example.facts
	}
	permit := classification.permit with input as example.open_request with data.facts as example.facts
	permit.open_data.code == "open_data"
}

test_what_is_not_open_is_never_published if {
	every dataset in {"meters", "reports"} {
		deny := classification.deny with input as _for(dataset, "publish") with data.facts as example.facts
		object.keys(deny) == {"classification_not_published"}
		not classification.needs_agreement with input as _for(dataset, "publish") with data.facts as example.facts
	}
}

test_what_is_not_open_needs_an_agreement if {
	every dataset in {"meters", "reports"} {
		classification.needs_agreement with input as _for(dataset, "feed") with data.facts as example.facts
		not classification.is_open with input as _for(dataset, "feed") with data.facts as example.facts
		classification.permit == {} with input as _for(dataset, "feed") with data.facts as example.facts
	}
}

test_unheard_of_access_level_is_neither_open_nor_agreed if {
	not classification.is_open with input as _for("odd", "feed") with data.facts as example.facts
	not classification.needs_agreement with input as _for("odd", "feed") with data.facts as example.facts
}

test_floor_of_each_access_level if {
	classification.hidden == {"owner_name"} with input as _for("trees", "feed") with data.facts as example.facts
	classification.hidden == {"tenant"} with input as _for("meters", "feed") with data.facts as example.facts
	classification.hidden == {"author", "note"} with input as _for("reports", "feed") with data.facts as example.facts
}
