# METADATA
# title: Access level
# description: |
#   The legal floor: what each access level allows to everybody, and which columns never leave whatever is agreed.
package archipel.classification

import data.archipel.reason
import data.archipel.request

# METADATA
# title: Doors of each access level
# description: What is not open is never published; who may receive it asks at the other doors.
channels := {
	"open": request.channels,
	"restricted": {"export", "feed", "preview"},
	"personal": {"export", "feed", "preview"},
}

# METADATA
# title: Columns below the floor
# description: Columns whose tags the access level never lets out.
hidden contains column if {
	some column, tags in request.dataset.columns
	some tag in tags
	tag in _never_out[request.dataset.classification]
}

# METADATA
# title: Whether everybody may have it
is_open if request.dataset.classification == "open"

# METADATA
# title: Whether it needs an agreement, at a door where one can be asked for
needs_agreement if {
	request.dataset.classification in {"personal", "restricted"}
	input.context.channel in channels[request.dataset.classification]
}

# METADATA
# title: Dataset open to all
# description: Open by law (CRPA L312-1-1); everybody may read, re-use and distribute it under its licence.
# custom:
#   effect: permit
#   title_fr: Donnée ouverte
#   text_fr: "Ce jeu de données est ouvert : chacun peut le lire et le réutiliser selon sa licence."
#   text_en: "This dataset is open: everybody may read and re-use it under its licence."
#   change_fr: "Rien à faire. Citez la source et la date de mise à jour."
#   change_en: "Nothing to do. Name the source and the date of its last update."
permit["open_data"] := reason.of(rego.metadata.chain(), {}) if {
	request.dataset.classification == "open"
	input.context.channel in channels.open
}

# METADATA
# title: Not in the open catalogue
# description: Datasets that are not open are never published in the catalogue's files.
# custom:
#   effect: deny
#   title_fr: Pas dans le catalogue ouvert
#   text_fr: "Ce jeu de données n'est pas ouvert : il n'est pas publié dans le catalogue."
#   text_en: "This dataset is not open: it is not published in the catalogue."
#   change_fr: "Demandez un accès par convention, puis lisez-le par le flux de données."
#   change_en: "Ask for access by agreement, then read it through the data feed."
deny["classification_not_published"] := reason.of(rego.metadata.chain(), {}) if {
	input.context.channel in request.channels
	doors := channels[request.dataset.classification]
	not input.context.channel in doors
}

_never_out := {
	"open": {"confidential", "personal"},
	"restricted": {"personal"},
	"personal": {"free_text", "personal"},
}
