# The part of the agreement package that holds when there is no agreement to look into.
package archipel.agreement

import data.archipel.classification
import data.archipel.reason
import data.archipel.request

# METADATA
# title: Unknown organisation
# description: The request speaks for no organisation, or for one that neither is a member nor a partner.
# custom:
#   effect: deny
#   title_fr: Organisation inconnue
#   text_fr: "Cette donnée n'est pas ouverte et la demande ne vient d'aucune organisation connue de la fédération."
#   text_en: "This data is not open and the request comes from no organisation that the federation knows."
#   change_fr: "Connectez-vous au nom de votre organisation, ou demandez à devenir partenaire."
#   change_en: "Sign in for your organisation, or ask to become a partner."
absent["subject_unknown"] := reason.of(rego.metadata.chain(), {}) if {
	classification.needs_agreement
	not request.organisation
}

# METADATA
# title: No agreement
# description: The organisation has no agreement for this dataset, or not the one that the request names.
# custom:
#   effect: deny
#   title_fr: Aucune convention
#   text_fr: "Votre organisation n'a pas de convention pour ce jeu de données."
#   text_en: "Your organisation has no agreement for this dataset."
#   change_fr: "Demandez un accès depuis la page du jeu de données ; le producteur vous répondra."
#   change_en: "Request access from the dataset's page; its producer will answer you."
absent["no_agreement"] := reason.of(rego.metadata.chain(), {}) if {
	classification.needs_agreement
	request.organisation
	count(candidates) == 0
}
