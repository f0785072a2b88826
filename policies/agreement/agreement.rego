# METADATA
# title: Agreements
# description: |
#   What is not open leaves only under an agreement of the subject's organisation that is finalized, in date, and covers the
#   action, the purpose and the door. Agreements are found by key (assignee, then target), so their number costs nothing.
package archipel.agreement

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
	request.dataset.classification != "open"
	some id, agreement in data.facts.agreements[request.organisation][input.target.dataset]
	_is_asked(id)
}

# METADATA
# title: The agreement decided upon
# description: The one that lacks least, and among equals the first by id; never a union, which would show more than any of them.
chosen := [id | some [_, id] in sort([[count(_lacks(id)), id] | some id, _ in candidates])][0]

# METADATA
# title: The agreement in force, if it covers the request
granted := candidates[chosen] if count(_lacks(chosen)) == 0

# METADATA
# title: Why the chosen agreement does not cover the request
deny[code] := finding if {
	some code, findings in failing
	finding := findings[chosen]
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
permit["agreement_in_force"] := reason.of(rego.metadata.chain(), _facts(chosen)) if granted

_is_asked(_) if not input.context.agreement_id

_is_asked(id) if id == input.context.agreement_id

_lacks(id) := {code | some code, findings in failing; findings[id]}

_facts(id) := {"agreement": id, "first_day": candidates[id].first_day, "last_day": candidates[id].last_day}
