# METADATA
# title: What of a decision the engine writes down
# description: |
#   The engine's log goes to the platform, which holds it against its journal. It says what was asked and answered, never by
#   which account, and never a row. The engine starts with this package, and no bundle can change it.
package system.log

# METADATA
# title: Parts of a decision that never enter the log
# scope: document
mask contains "/input/subject/id"

# What is not one of the platform's own words may be anything, a row included: then nothing of the question is kept.
mask contains "/input" if {
	some section, told in input.input
	not _is_known(section, told)
}

mask contains "/input" if not is_object(input.input)

# What follows from the question and the version of the policy is left out, as a publication asks thousands of questions: the
# masks of the columns, the words of a reason beside its code, all rules of an explanation.
mask contains "/result/column_masks" if input.result.column_masks

mask contains sprintf("/result/reasons/%d/%s", [place, name]) if {
	some place, told in input.result.reasons
	some name, _ in told
	not name in {"code", "rule"}
}

mask contains "/result/rules" if input.result.rules

# METADATA
# title: Calls that decide nothing
# description: A row filter follows from the answer before it and the version of the policy, and the engine gives it no id.
drop if input.path in {"archipel/decision/policy_version", "archipel/row_filter/include"}

_is_known("action", told) if is_string(told)

_is_known(section, told) if object.keys(told) - _words[section] == set()

_words := {
	"subject": {"id", "organisation", "roles", "assurance"},
	"target": {"dataset", "member_id"},
	"context": {"channel", "purpose", "legal_basis", "agreement_id", "instant", "policy_version"},
}
