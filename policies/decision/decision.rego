# METADATA
# title: The decision
# description: |
#   Deny overrides, and nothing is permitted by default. The federation's rules, then the members', then the agreement:
#   a layer below only tightens. The answer is the one document that every door asks for.
# custom:
#   shape: allow, row_filter (by the compile API), column_masks, duties, reasons, policy_version, valid_until
package archipel.decision

import data.archipel.agreement
import data.archipel.classification
import data.archipel.closure
import data.archipel.column_masks as masks
import data.archipel.duty
import data.archipel.reason
import data.archipel.request

# METADATA
# title: Whether the request is allowed
# scope: document
# entrypoint: true
default allow := false

allow if {
	request.is_clear
	closure.is_clear
	_is_permitted
}

# METADATA
# title: Reasons of the answer, ordered by code
reasons := [finding | some finding in _permits] if allow

reasons := [finding | some finding in _denials] if {
	not allow
	count(_denials) > 0
}

# Kept because a refusal always says something, even where a rule forgot to.
reasons := [finding | some finding in otherwise] if {
	not allow
	count(_denials) == 0
}

# METADATA
# title: What each column shows; a column not named is hidden
# scope: document
column_masks := masks.masks if allow

column_masks := {} if not allow

# METADATA
# title: Obligations that come with the permission
# scope: document
duties := duty.required if allow

duties := [] if not allow

# METADATA
# title: Revisions of the two bundles that decided
# description: Undefined, and with it the answer, until both are there.
policy_version := concat("+", [
	data.system.bundles.policies.manifest.revision,
	data.system.bundles.data.manifest.revision,
])

# METADATA
# title: When the caller must ask again
# description: The end of the agreement, or five minutes after the request, whichever comes first (RFC 3339, UTC).
valid_until := time.format([min(_ends), "UTC", "2006-01-02T15:04:05Z07:00"])

# METADATA
# title: The whole answer
# entrypoint: true
answer := {
	"allow": allow,
	"agreement_id": _agreement_id,
	"column_masks": column_masks,
	"duties": duties,
	"policy_version": policy_version,
	"reasons": reasons,
	"valid_until": valid_until,
}

# METADATA
# title: The whole answer, for whoever hands nothing over on it
# description: Asked under its own name, so that the engine's log tells an access from a look.
# entrypoint: true
outlook := answer

# METADATA
# title: Layers considered, from the first to the last
layers := ["request"] if not request.is_clear

layers := ["request", "closure", "classification"] if {
	request.is_clear
	not classification.needs_agreement
}

layers := ["request", "closure", "classification", "agreement"] if {
	request.is_clear
	classification.needs_agreement
}

# METADATA
# title: No rule permits this
# description: What no rule permits is refused; there is no permission by silence.
# custom:
#   effect: deny
#   title_fr: Aucune règle ne le permet
#   text_fr: "Aucune règle ne permet cette demande."
#   text_en: "No rule permits this request."
#   change_fr: "Si vous pensez y avoir droit, écrivez à la fédération avec le numéro de la décision."
#   change_en: "If you think you are entitled to it, write to the federation with the number of the decision."
otherwise["no_rule_permits"] := reason.of(rego.metadata.chain(), {})

_is_permitted if classification.is_open

_is_permitted if agreement.granted

_permits := classification.permit if classification.is_open

_permits := agreement.permit if not classification.is_open

_denials := request.deny if not request.is_clear

_denials := object.union_n([closure.deny, classification.deny, agreement.deny]) if request.is_clear

default _agreement_id := null

_agreement_id := agreement.granted_id if allow

_ends contains request.now + ((5 * 60) * 1000000000)

_ends contains time.parse_rfc3339_ns(agreement.granted.valid_until)

# An instant that cannot be read leaves nothing to wait for: the answer is already past.
_ends contains 0 if not request.now
