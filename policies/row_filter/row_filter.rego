# METADATA
# title: Row filter
# description: |
#   Which rows the subject may see, written for partial evaluation: asked through the compile API with the row unknown, it
#   comes back as a tree of comparisons; asked with a row, as true or undefined. Nothing here may depend on the row but comparisons.
package archipel.row_filter

import data.archipel.agreement
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
	_same_policy
	_in_part_asked
	_not_kept_back
	_of_assigner
	count(_conditions) <= 8
	_holds(0)
	_holds(1)
	_holds(2)
	_holds(3)
	_holds(4)
	_holds(5)
	_holds(6)
	_holds(7)
}

# A filter belongs to the answer of the same bundle; between two bundles the caller asks again.
_same_policy if not input.context.policy_version

_same_policy if input.context.policy_version == decision.policy_version

_in_part_asked if not input.target.member_id

_in_part_asked if input.row.member_id == input.target.member_id

_not_kept_back if count(closure.members) == 0

_not_kept_back if {
	count(closure.members) > 0
	input.row.member_id != null
	not input.row.member_id in closure.members
}

_of_assigner if request.dataset.classification == "open"

_of_assigner if agreement.granted.assigner == request.dataset.steward

# A provider that is not the steward can only give its own rows.
_of_assigner if {
	agreement.granted.assigner != request.dataset.steward
	input.row.member_id in _own_ids
}

_own_ids := {member | some member, siren in request.dataset.providers; siren == agreement.granted.assigner}

_conditions := [] if request.dataset.classification == "open"

_conditions := agreement.granted.row_filter if request.dataset.classification != "open"

# Unrolled, because a loop over conditions on an unknown row cannot be evaluated partially.
_holds(position) if position >= count(_conditions)

_holds(position) if _matches(_conditions[position])
