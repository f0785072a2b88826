# METADATA
# title: Reasons
# description: |
#   Shapes a reason out of the annotations of the rule that found it, so that what is said on screen, what
#   stands in docs/reasons and what the code checks cannot disagree. The code of a reason is the last part of its rule's path.
package archipel.reason

# METADATA
# title: One reason
# description: The annotated texts of a rule, with the facts that made it match put in their places.
# scope: document
of(chain, facts) := {
	"code": path[count(path) - 1],
	"rule": concat(".", path),
	"text_fr": _said(texts.text_fr, facts),
	"text_en": _said(texts.text_en, facts),
	"change_fr": _said(texts.change_fr, facts),
	"change_en": _said(texts.change_en, facts),
} if {
	path := chain[0].path
	texts := chain[0].annotations.custom
}

_said(text, facts) := strings.replace_n({mark: fact | some name, fact in facts; mark := sprintf("{%s}", [name])}, text)
