package archipel.duty_test

import data.archipel.duty
import data.archipel.example_test as example

test_open_data_asks_for_attribution if {
	required := duty.required with input as example.open_request with data.facts as example.facts
	required == [{"code": "attribute"}]
}

test_agreement_says_its_own_duties if {
	facts := example.facts_where({"duties": [{"code": "delete_after", "days": 30}]})
	required := duty.required with input as example.covered_request with data.facts as facts
	required == [{"code": "delete_after", "days": 30}]
}
