package archipel.request_test

import data.archipel.example_test as example
import data.archipel.request

test_complete_request_is_clear if {
	request.is_clear with input as example.open_request with data.facts as example.facts
}

test_empty_request_lacks_everything if {
	deny := request.deny with input as {} with data.facts as example.facts
	object.keys(deny) == {"input_incomplete"}
	contains(deny.input_incomplete.text_en, "action, context.channel, context.instant, subject.id, target.dataset")
	not request.is_clear with input as {} with data.facts as example.facts
}

test_each_missing_part_is_named if {
	parts := {
		"/subject/id": "subject.id",
		"/action": "action",
		"/target/dataset": "target.dataset",
		"/context/channel": "context.channel",
		"/context/instant": "context.instant",
	}
	every path, name in parts {
		incomplete := json.patch(example.open_request, [{"op": "remove", "path": path}])
		deny := request.deny with input as incomplete with data.facts as example.facts
		endswith(deny.input_incomplete.text_en, sprintf(": %s.", [name]))
		not request.is_clear with input as incomplete with data.facts as example.facts
	}
}

test_values_not_provided_for_are_as_good_as_missing if {
	odd := {
		"/subject/id": "",
		"/action": "steal",
		"/target/dataset": "",
		"/context/channel": "backdoor",
		"/context/instant": "tomorrow",
	}
	every path, value in odd {
		wrong := json.patch(example.open_request, [{"op": "replace", "path": path, "value": value}])
		request.deny.input_incomplete with input as wrong with data.facts as example.facts
		not request.is_clear with input as wrong with data.facts as example.facts
	}
}

test_unknown_dataset_is_said if {
	asked := object.union(example.open_request, {"target": {"dataset": "dragons"}})
	deny := request.deny with input as asked with data.facts as example.facts
	object.keys(deny) == {"dataset_unknown"}
	contains(deny.dataset_unknown.text_fr, "dragons")
	not request.is_clear with input as asked with data.facts as example.facts
}

test_unknown_provider_is_said if {
	asked := object.union(example.open_request, {"target": {"member_id": "elsewhere"}})
	deny := request.deny with input as asked with data.facts as example.facts
	object.keys(deny) == {"provider_unknown"}
	not request.is_clear with input as asked with data.facts as example.facts
}

test_known_provider_is_clear if {
	asked := object.union(example.open_request, {"target": {"member_id": "commune"}})
	request.is_clear with input as asked with data.facts as example.facts
	request.deny == {} with input as asked with data.facts as example.facts
}
