# METADATA
# title: Duties
# description: Obligations that come with a permission, handed over with each answer.
package archipel.duty

import data.archipel.agreement
import data.archipel.request

# METADATA
# title: Duties of this permission
# description: Open data bears the duty to name its source (CRPA L322-1); an agreement says its own.
# scope: document
required := [{"code": "attribute"}] if request.dataset.classification == "open"

required := agreement.granted.duties if request.dataset.classification != "open"
