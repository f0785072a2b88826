# How the terms of an agreement can fail a request: purpose, action, door, signatory, duties, legal basis.
package archipel.agreement

import data.archipel.reason
import data.archipel.request

# METADATA
# title: Purpose not stated
# description: Data that is not open is read for a stated purpose.
# custom:
#   effect: deny
#   title_fr: Finalité non indiquée
#   text_fr: "La demande ne dit pas pour quelle finalité la donnée serait lue."
#   text_en: "The request does not say for which purpose the data would be read."
#   change_fr: "Indiquez une finalité prévue par votre convention « {agreement} »."
#   change_en: "State a purpose that your agreement “{agreement}” provides for."
failing.purpose_missing[id] := reason.of(rego.metadata.chain(), _facts(id)) if {
	some id, _ in candidates
	not _purpose_is_stated
}

# METADATA
# title: Purpose not covered
# description: The stated purpose is not among those of the agreement.
# custom:
#   effect: deny
#   title_fr: Finalité non couverte
#   text_fr: "Votre convention « {agreement} » ne couvre pas la finalité « {purpose} »."
#   text_en: "Your agreement “{agreement}” does not cover the purpose “{purpose}”."
#   change_fr: "Lisez la donnée pour une finalité prévue, ou demandez un avenant."
#   change_en: "Read the data for a purpose provided for, or ask for an amendment."
failing.purpose_not_covered[id] := reason.of(rego.metadata.chain(), object.union(_facts(id), {"purpose": input.context.purpose})) if {
	some id, agreement in candidates
	_purpose_is_stated
	not input.context.purpose in agreement.purposes
}

# METADATA
# title: Action not covered
# description: The action is not among those of the agreement.
# custom:
#   effect: deny
#   title_fr: Action non couverte
#   text_fr: "Votre convention « {agreement} » ne couvre pas l'action « {action} »."
#   text_en: "Your agreement “{agreement}” does not cover the action “{action}”."
#   change_fr: "Tenez-vous-en aux actions prévues, ou demandez un avenant."
#   change_en: "Keep to the actions provided for, or ask for an amendment."
failing.action_not_covered[id] := reason.of(rego.metadata.chain(), object.union(_facts(id), {"action": input.action})) if {
	some id, agreement in candidates
	not input.action in agreement.actions
}

# METADATA
# title: Door not covered
# description: The door is not among those of the agreement.
# custom:
#   effect: deny
#   title_fr: Canal non couvert
#   text_fr: "Votre convention « {agreement} » ne couvre pas le canal « {channel} »."
#   text_en: "Your agreement “{agreement}” does not cover the channel “{channel}”."
#   change_fr: "Passez par un canal prévu, ou demandez un avenant."
#   change_en: "Use a channel provided for, or ask for an amendment."
failing.channel_not_covered[id] := reason.of(rego.metadata.chain(), object.union(_facts(id), {"channel": input.context.channel})) if {
	some id, agreement in candidates
	not input.context.channel in agreement.channels
}

# METADATA
# title: Assigner not entitled
# description: Whoever signed the agreement neither answers for the dataset nor provides it.
# custom:
#   effect: deny
#   title_fr: Signataire non habilité
#   text_fr: "La convention « {agreement} » n'émane pas de qui peut partager ce jeu de données."
#   text_en: "The agreement “{agreement}” does not come from somebody who may share this dataset."
#   change_fr: "Une convention avec le responsable du jeu de données, ou avec un de ses fournisseurs, est nécessaire."
#   change_en: "An agreement with the dataset's steward, or with one of its providers, is needed."
failing.assigner_not_entitled[id] := reason.of(rego.metadata.chain(), _facts(id)) if {
	some id, agreement in candidates
	not _is_entitled(agreement.assigner)
}

# METADATA
# title: Duty that cannot be carried out
# description: The agreement bears a duty that the platform can neither carry out nor hand over.
# custom:
#   effect: deny
#   title_fr: Obligation impossible à tenir
#   text_fr: "Votre convention « {agreement} » prévoit une obligation que la plateforme ne sait pas tenir : {duties}."
#   text_en: "Your agreement “{agreement}” bears a duty that the platform cannot carry out: {duties}."
#   change_fr: "Le producteur peut remplacer cette obligation par une obligation prévue."
#   change_en: "The producer may replace this duty by one that is provided for."
failing.duty_unsupported[id] := reason.of(rego.metadata.chain(), object.union(_facts(id), {"duties": concat(", ", unkept)})) if {
	some id, agreement in candidates
	unkept := _unkept(agreement)
	count(unkept) > 0
}

# METADATA
# title: Personal data without a legal basis
# description: Personal data is shared only where the agreement names its legal basis (GDPR article 6), and for that one.
# custom:
#   effect: deny
#   title_fr: Donnée personnelle sans base légale
#   text_fr: "Ce jeu de données contient des données personnelles et aucune base légale ne couvre cette demande."
#   text_en: "This dataset holds personal data and no legal basis covers this request."
#   change_fr: "La convention « {agreement} » doit nommer une base légale (RGPD, article 6), et la demande s'y tenir."
#   change_en: "The agreement “{agreement}” must name a legal basis (GDPR article 6), and the request keep to it."
failing.classification_personal_without_legal_basis[id] := reason.of(rego.metadata.chain(), _facts(id)) if {
	some id, agreement in candidates
	not _has_legal_basis(agreement)
}

_unkept(agreement) := {duty.code | some duty in agreement.duties} - supported_duties

_purpose_is_stated if {
	is_string(input.context.purpose)
	input.context.purpose != ""
}

_is_entitled(siren) if siren == request.dataset.steward

_is_entitled(siren) if siren in request.dataset.providers

_has_legal_basis(_) if request.dataset.classification == "restricted"

_has_legal_basis(agreement) if {
	is_string(agreement.legal_basis)
	agreement.legal_basis != ""
	_is_basis_asked(agreement.legal_basis)
}

_is_basis_asked(_) if not input.context.legal_basis

_is_basis_asked(basis) if basis == input.context.legal_basis
