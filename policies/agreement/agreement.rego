# METADATA
# title: Agreements
# description: |
#   What is not open leaves only under an agreement of the subject's organisation that is finalized, in date, and covers the
#   action, the purpose and the door. Agreements are found by key (assignee, then target), so their number costs nothing.
package archipel.agreement

import data.archipel.classification
import data.archipel.reason
import data.archipel.request

# METADATA
# title: Duties the platform carries out or hands over
# description: An obligation that nobody can keep is a refusal, not a footnote.
supported_duties := {"attribute", "delete_after", "inform", "no_redistribution"}

# METADATA
# title: Agreements this request may rest on
# description: Those of the subject's organisation for the dataset; only the one named, where the request names one.
candidates[id] := agreement if {
	classification.needs_agreement
	some id, agreement in data.facts.agreements[request.organisation][input.target.dataset]
	_is_asked(id)
}

# METADATA
# title: The agreement in force for this request
# description: |
#   Every condition is stated in the positive, so that what is missing or unknown refuses. Among several the first by id:
#   never their union, which would show more than any of them.
granted_id := min({id | some id, agreement in candidates; _covers(agreement)})

# METADATA
# title: What the agreement in force grants
granted := candidates[granted_id]

# METADATA
# title: The agreement that lacks least
# description: The one whose gaps are told when none is in force; among equals the first by id.
nearest := [id | some [_, id] in sort([[count(_gaps(id)), id] | some id, _ in candidates])][0] if not granted_id

# METADATA
# title: Why no agreement covers the request
deny[code] := finding if {
	some code, findings in failing
	finding := findings[nearest]
}

deny[code] := finding if some code, finding in absent

# METADATA
# title: Agreement in force
# description: A finalized agreement, in date, covers this action, this purpose and this door.
# custom:
#   effect: permit
#   title_fr: Convention en vigueur
#   text_fr: "Votre convention « {agreement} » est en vigueur et couvre cette demande."
#   text_en: "Your agreement “{agreement}” is in force and covers this request."
#   change_fr: "Rien à faire avant son dernier jour, le {last_day}."
#   change_en: "Nothing to do before its last day, {last_day}."
permit["agreement_in_force"] := reason.of(rego.metadata.chain(), _facts(granted_id))

_is_asked(_) if not input.context.agreement_id

_is_asked(id) if id == input.context.agreement_id

_gaps(id) := {code | some code, findings in failing; findings[id]}

_facts(id) := {"agreement": id, "first_day": candidates[id].first_day, "last_day": candidates[id].last_day}

_covers(agreement) if {
	agreement.state == "finalized"
	request.now >= time.parse_rfc3339_ns(agreement.valid_from)
	request.now < time.parse_rfc3339_ns(agreement.valid_until)
	input.action in agreement.actions
	input.context.purpose in agreement.purposes
	input.context.channel in agreement.channels
	_is_entitled(agreement.assigner)
	_has_legal_basis(agreement)
	count(_unkept(agreement)) == 0
}
