# METADATA
# title: The request
# description: What a request must say before anything can be decided. What is not said is never guessed.
package archipel.request

import data.archipel.reason

# METADATA
# title: Actions that can be asked, as ODRL names them
actions := {"aggregate", "derive", "distribute", "read", "use"}

# METADATA
# title: Doors through which rows may leave
channels := {"export", "feed", "preview", "publish"}

# METADATA
# title: The dataset asked for
# description: |
#   The platform's own facts, from the contract. What a caller claims about classification, owner or columns is never used.
dataset := data.facts.datasets[input.target.dataset]

# METADATA
# title: The organisation that asks, by its SIREN
# description: Undefined for somebody who signed in for nobody, and for an organisation the federation does not know.
organisation := input.subject.organisation if data.facts.organisations[input.subject.organisation]

# METADATA
# title: Instant of the request, in nanoseconds since 1970
now := time.parse_rfc3339_ns(input.context.instant)

# METADATA
# title: Whether the request can be decided
is_clear if {
	count(_missing) == 0
	dataset
	_part_is_known
}

# METADATA
# title: Incomplete request
# description: A request says who asks, which action, which dataset, through which door and at which instant.
# custom:
#   effect: deny
#   title_fr: Demande incomplète
#   text_fr: "La demande ne dit pas tout ce qu'il faut pour décider. Manque ou n'est pas prévu : {missing}."
#   text_en: "The request does not say all that is needed to decide. Missing or not provided for: {missing}."
#   change_fr: "Complétez la demande : qui, quelle action, quel jeu de données, par quel canal, à quel instant."
#   change_en: "Complete the request: who, which action, which dataset, through which channel, at which instant."
deny["input_incomplete"] := reason.of(rego.metadata.chain(), {"missing": concat(", ", _missing)}) if count(_missing) > 0

# METADATA
# title: Unknown dataset
# description: The dataset asked for has no contract in this federation.
# custom:
#   effect: deny
#   title_fr: Jeu de données inconnu
#   text_fr: "Aucun jeu de données « {dataset} » n'est partagé ici."
#   text_en: "No dataset “{dataset}” is shared here."
#   change_fr: "Vérifiez l'identifiant dans le catalogue."
#   change_en: "Check the identifier in the catalogue."
deny["dataset_unknown"] := reason.of(rego.metadata.chain(), {"dataset": input.target.dataset}) if {
	is_string(input.target.dataset)
	not dataset
}

# METADATA
# title: Unknown provider
# description: The request is limited to one member's rows, and that member does not provide this dataset.
# custom:
#   effect: deny
#   title_fr: Fournisseur inconnu
#   text_fr: "« {member} » ne fournit pas ce jeu de données."
#   text_en: "“{member}” does not provide this dataset."
#   change_fr: "Demandez le jeu de données entier, ou la part d'une commune qui le fournit."
#   change_en: "Ask for the whole dataset, or for the part of a member that provides it."
deny["provider_unknown"] := reason.of(rego.metadata.chain(), {"member": input.target.member_id}) if {
	input.target.member_id
	dataset
	not _part_is_known
}

# Named without arguments, because a negated call whose argument is undefined is undefined, not true.
_missing contains "subject.id" if not _subject_is_named

_missing contains "action" if not _action_is_known

_missing contains "target.dataset" if not _dataset_is_named

_missing contains "context.channel" if not _channel_is_known

_missing contains "context.instant" if not now

_subject_is_named if {
	is_string(input.subject.id)
	input.subject.id != ""
}

_action_is_known if input.action in actions

_dataset_is_named if {
	is_string(input.target.dataset)
	input.target.dataset != ""
}

_channel_is_known if input.context.channel in channels

_part_is_known if not input.target.member_id

_part_is_known if dataset.providers[input.target.member_id]
