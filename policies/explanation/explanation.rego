# METADATA
# title: The explanation
# description: |
#   Which layers were considered and which rules matched, for the page that answers "why?". It shows rules of the policy
#   and facts about the subject's own agreements, never another party's agreements.
package archipel.explanation

import data.archipel.agreement
import data.archipel.classification
import data.archipel.closure
import data.archipel.decision
import data.archipel.request

# METADATA
# title: What was considered
# entrypoint: true
answer := {
	"decision": decision.answer,
	"layers": decision.layers,
	"matched": matched,
	"rules": data.rules,
}

# METADATA
# title: Codes of the rules that matched, in the layers considered
matched contains finding.code if {
	some layer in decision.layers
	some findings in _findings[layer]
	some finding in findings
}

# Kept because a default that won is a match as well.
matched contains finding.code if some finding in decision.reasons

_findings := {
	"request": [request.deny],
	"closure": [closure.deny],
	"classification": [classification.permit, classification.deny],
	"agreement": [agreement.permit, agreement.deny],
}
