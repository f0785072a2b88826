# METADATA
# title: Who may ask the engine what
# description: |
#   The engine answers the platform's questions, to whoever shows the platform's token, and nothing else: no policy or fact
#   can be written into it, listed or read out of it. It starts with this package, and no bundle can change it. OPA consults it
#   where it was started with --authentication=token and --authorization=basic.
package system.authz

# METADATA
# title: Whether a call of the engine's API is let through
# scope: document
default allow := false

# Open to everybody, because a probe has no token and the answer is only whether the engine lives.
allow if {
	input.method == "GET"
	input.path == ["health"]
}

allow if {
	_is_the_platform
	input.method == "GET"
	input.path == ["metrics"]
}

# A parameter could ask for a trace, which tells facts.
allow if {
	_is_the_platform
	input.method == "POST"
	input.path in _questions
	count(input.params) == 0
}

_questions := [
	["v1", "data", "archipel", "decision", "answer"],
	["v1", "data", "archipel", "decision", "outlook"],
	["v1", "data", "archipel", "decision", "policy_version"],
	["v1", "data", "archipel", "explanation", "answer"],
	["v1", "compile", "archipel", "row_filter", "include"],
]

# The engine knows only what the token hashes to, so that nobody learns it from the engine's files.
_is_the_platform if crypto.sha256(input.identity) in data.engine.callers
