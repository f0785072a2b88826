# METADATA
# title: Column masks
# description: |
#   What each column shows. A column that is not named is hidden. Built as one object, so that no two rules can disagree
#   about a column, and from grants towards closures and legal floor, so that each layer only tightens.
package archipel.column_masks

import data.archipel.agreement
import data.archipel.classification
import data.archipel.closure
import data.archipel.request

# METADATA
# title: Masks by column
masks := {column: _tightened(column, mask) |
	some column, mask in _granted
	request.dataset.columns[column]
	not column in classification.hidden
	not column in closure.columns
}

_granted := {column: {"mask": "show"} | some column, _ in request.dataset.columns} if classification.is_open

# The member's id shows whose row it is; provenance and attribution rest on it.
_granted := object.union(agreement.granted.columns, {"member_id": {"mask": "show"}}) if {
	classification.needs_agreement
}

_tightened(column, mask) := object.union(mask, {"null_for": sort(closure.members_by_column[column])})

_tightened(column, mask) := mask if not closure.members_by_column[column]
