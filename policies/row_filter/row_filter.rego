# METADATA
# title: Row filter
# description: |
#   Which rows the subject may see, written for partial evaluation: asked through the compile API with the row unknown, it
#   comes back as a tree of comparisons; asked with a row, as true or undefined. Nothing here may depend on the row but comparisons.
package archipel.row_filter

import data.archipel.agreement
import data.archipel.classification
import data.archipel.closure
import data.archipel.decision
import data.archipel.request

# METADATA
# title: Whether the row is included
# scope: document
# compile:
#   unknowns: [input.row]
include if {
	decision.allow
	_is_of_same_policy
	_in_part_asked
	_not_kept_back
	grant := _grant
	_given_by(grant.assigner)
	_all_hold(count(grant.row_filter), grant.row_filter)
}

# A filter belongs to the answer of the same bundle; between two bundles the caller asks again.
_is_of_same_policy if not input.context.policy_version

_is_of_same_policy if input.context.policy_version == decision.policy_version

_in_part_asked if not input.target.member_id

_in_part_asked if input.row.member_id == input.target.member_id

_not_kept_back if count(closure.members) == 0

_not_kept_back if {
	members := closure.members
	count(members) > 0
	input.row.member_id != null
	not input.row.member_id in members
}

_grant := {"assigner": request.dataset.steward, "row_filter": []} if classification.is_open

_grant := agreement.granted if classification.needs_agreement

_given_by(assigner) if assigner == request.dataset.steward

# A provider that is not the steward can only give its own rows.
_given_by(assigner) if {
	assigner != request.dataset.steward
	own := {member | some member, siren in request.dataset.providers; siren == assigner}
	input.row.member_id in own
}
