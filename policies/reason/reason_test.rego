package archipel.reason_test

import data.archipel.reason

_chain := [{
	"path": ["archipel", "weather", "deny", "too_wet"],
	"annotations": {"custom": {
		"text_fr": "Il pleut {much}.",
		"text_en": "It rains {much}.",
		"change_fr": "Attendre.",
		"change_en": "Wait for {day}.",
	}},
}]

test_reason_is_made_of_the_rules_own_annotations if {
	reason.of(_chain, {"much": "a lot", "day": "May"}) == {
		"code": "too_wet",
		"rule": "archipel.weather.deny.too_wet",
		"text_fr": "Il pleut a lot.",
		"text_en": "It rains a lot.",
		"change_fr": "Attendre.",
		"change_en": "Wait for May.",
	}
}

test_rule_without_texts_gives_no_reason if {
	not reason.of([{"path": ["archipel", "weather", "deny", "too_wet"]}], {})
}
