# METADATA
# title: Closures
# description: |
#   What the federation or one of its members keeps back by declaration (federation/rules). A closure only tightens:
#   nobody opens what a commune closed. The federation's closures hold for all rows, a member's for its own.
package archipel.closure

import data.archipel.reason
import data.archipel.request

# METADATA
# title: Members whose rows are kept back
members contains closure.member_id if {
	some closure in _applicable
	closure.level == "member"
	count(closure.columns) == 0
}

# METADATA
# title: Columns kept back for every row
columns contains column if {
	some closure in _applicable
	closure.level == "federation"
	some column in closure.columns
}

# METADATA
# title: Members whose rows show nothing in a column
members_by_column[column] contains closure.member_id if {
	some closure in _applicable
	closure.level == "member"
	some column in closure.columns
}

# METADATA
# title: Whether no closure keeps the whole answer back
is_clear if {
	not _is_closed_by_federation
	not _is_closed_by_provider
}

# METADATA
# title: Closed by the federation
# description: The EPCI keeps this dataset back at this door, by a declared rule.
# custom:
#   effect: deny
#   title_fr: Fermé par la fédération
#   text_fr: "La fédération ne partage pas ce jeu de données par ce canal."
#   text_en: "The federation does not share this dataset through this channel."
#   change_fr: "La fédération peut lever sa règle ; écrivez-lui par la page du jeu de données."
#   change_en: "The federation may lift its rule; write to it from the dataset's page."
deny.closed_by_federation := reason.of(rego.metadata.chain(), {}) if _is_closed_by_federation

# METADATA
# title: Closed by those who provide it
# description: Whoever provides the rows asked for keeps them back at this door, by a declared rule.
# custom:
#   effect: deny
#   title_fr: Fermé par qui le fournit
#   text_fr: "Qui fournit ces lignes ne les partage pas par ce canal."
#   text_en: "Whoever provides these rows does not share them through this channel."
#   change_fr: "Seul le fournisseur peut lever sa règle ; demandez-lui par la page du jeu de données."
#   change_en: "Only the provider may lift its rule; ask from the dataset's page."
deny.closed_by_member := reason.of(rego.metadata.chain(), {}) if _is_closed_by_provider

_is_closed_by_federation if {
	some closure in _applicable
	closure.level == "federation"
	count(closure.columns) == 0
}

_is_closed_by_provider if {
	count(members) > 0
	count(_asked - members) == 0
}

_applicable[id] := closure if {
	some id, closure in data.facts.closures[input.target.dataset]
	_holds_at_this_door(closure)
}

_holds_at_this_door(closure) if count(closure.channels) == 0

_holds_at_this_door(closure) if input.context.channel in closure.channels

_asked contains input.target.member_id if input.target.member_id

_asked contains member if {
	not input.target.member_id
	some member, _ in request.dataset.providers
}
