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
# description: Whole objects are taken apart and put together, because a question column by column takes four times as long.
# scope: document
default masks := {}

masks := object.union(_shown, _tightened)

_shown := object.filter(object.remove(_granted, classification.hidden | closure.columns), object.keys(_columns))

_tightened := {column: {"null_for": sort(members)} |
	some column, members in closure.members_by_column
	_shown[column]
}

_columns := request.dataset.columns

default _granted := {}

_granted := {column: {"mask": "show"} | some column, _ in _columns} if classification.is_open

# The member's id shows whose row it is; provenance and attribution rest on it.
_granted := object.union(agreement.granted.columns, {"member_id": {"mask": "show"}}) if {
	classification.needs_agreement
}
