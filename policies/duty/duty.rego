# METADATA
# title: Duties
# description: Obligations that come with a permission, handed over with each answer.
package archipel.duty

import data.archipel.agreement
import data.archipel.classification

# METADATA
# title: Duties of this permission
# description: Open data bears the duty to name its source (CRPA L322-1); an agreement says its own.
# scope: document
required := [{"code": "attribute"}] if classification.is_open

required := agreement.granted.duties if classification.needs_agreement
