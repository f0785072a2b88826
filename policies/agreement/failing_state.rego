# How the state and the dates of an agreement can fail a request; three different ends are three different messages.
package archipel.agreement

import data.archipel.reason
import data.archipel.request

# METADATA
# title: Agreement not signed yet
# description: The agreement is requested, offered or agreed, but not finalized.
# custom:
#   effect: deny
#   title_fr: Convention pas encore signée
#   text_fr: "Votre convention « {agreement} » n'est pas encore signée par les deux parties."
#   text_en: "Your agreement “{agreement}” is not yet signed by both parties."
#   change_fr: "Elle vaudra dès que les deux parties l'auront signée."
#   change_en: "It will hold as soon as both parties have signed it."
failing.agreement_not_finalized[id] := reason.of(rego.metadata.chain(), _facts(id)) if {
	some id, agreement in candidates
	agreement.state in {"requested", "offered", "agreed"}
}

# METADATA
# title: Agreement suspended
# description: The assigner suspended the agreement.
# custom:
#   effect: deny
#   title_fr: Convention suspendue
#   text_fr: "Votre convention « {agreement} » est suspendue."
#   text_en: "Your agreement “{agreement}” is suspended."
#   change_fr: "Le producteur peut lever la suspension ; demandez-lui ce qu'il attend."
#   change_en: "The producer may lift the suspension; ask what is expected of you."
failing.agreement_suspended[id] := reason.of(rego.metadata.chain(), _facts(id)) if {
	some id, agreement in candidates
	agreement.state == "suspended"
}

# METADATA
# title: Agreement revoked
# description: The assigner withdrew the agreement before its end.
# custom:
#   effect: deny
#   title_fr: Convention révoquée
#   text_fr: "Votre convention « {agreement} » a été révoquée par le producteur."
#   text_en: "Your agreement “{agreement}” was revoked by the producer."
#   change_fr: "Elle ne reprendra pas : demandez un nouvel accès depuis la page du jeu de données."
#   change_en: "It will not resume: request a new access from the dataset's page."
failing.agreement_revoked[id] := reason.of(rego.metadata.chain(), _facts(id)) if {
	some id, agreement in candidates
	agreement.state == "revoked"
}

# METADATA
# title: Agreement renounced
# description: The assignee gave the agreement up before its end.
# custom:
#   effect: deny
#   title_fr: Convention abandonnée
#   text_fr: "Votre organisation a renoncé à la convention « {agreement} »."
#   text_en: "Your organisation gave up the agreement “{agreement}”."
#   change_fr: "Demandez un nouvel accès depuis la page du jeu de données."
#   change_en: "Request a new access from the dataset's page."
failing.agreement_renounced[id] := reason.of(rego.metadata.chain(), _facts(id)) if {
	some id, agreement in candidates
	agreement.state == "renounced"
}

# METADATA
# title: Agreement refused
# description: The assigner refused the request for an agreement.
# custom:
#   effect: deny
#   title_fr: Convention refusée
#   text_fr: "La demande de convention « {agreement} » a été refusée par le producteur."
#   text_en: "The producer refused the request for the agreement “{agreement}”."
#   change_fr: "Le refus porte son motif : répondez-y par une nouvelle demande."
#   change_en: "The refusal bears its reason: answer it with a new request."
failing.agreement_refused[id] := reason.of(rego.metadata.chain(), _facts(id)) if {
	some id, agreement in candidates
	agreement.state == "refused"
}

# METADATA
# title: Agreement expired
# description: The last day of the agreement has passed at the instant of the request; no timer has to fire for that.
# custom:
#   effect: deny
#   title_fr: Convention expirée
#   text_fr: "Votre convention « {agreement} » a expiré le {last_day}."
#   text_en: "Your agreement “{agreement}” expired on {last_day}."
#   change_fr: "Demandez son renouvellement depuis la page du jeu de données."
#   change_en: "Ask for its renewal from the dataset's page."
failing.agreement_expired[id] := reason.of(rego.metadata.chain(), _facts(id)) if {
	some id, agreement in candidates
	_has_ended(agreement)
}

# METADATA
# title: Agreement not yet valid
# description: The agreement is finalized and its first day is still to come.
# custom:
#   effect: deny
#   title_fr: Convention pas encore en vigueur
#   text_fr: "Votre convention « {agreement} » ne commence que le {first_day}."
#   text_en: "Your agreement “{agreement}” only begins on {first_day}."
#   change_fr: "Revenez le {first_day}."
#   change_en: "Come back on {first_day}."
failing.agreement_not_yet_valid[id] := reason.of(rego.metadata.chain(), _facts(id)) if {
	some id, agreement in candidates
	agreement.state == "finalized"
	request.now < time.parse_rfc3339_ns(agreement.valid_from)
}

_has_ended(agreement) if agreement.state == "expired"

_has_ended(agreement) if {
	agreement.state == "finalized"
	request.now >= time.parse_rfc3339_ns(agreement.valid_until)
}
