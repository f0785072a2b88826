# METADATA
# title: Who may ask the engine what
# description: |
#   The engine answers the platform's questions and nothing else: no policy or fact can be written into it, listed or read
#   out of it through its API. OPA consults this package where it was started with --authorization=basic.
package system.authz

# METADATA
# title: Whether a call of the engine's API is let through
# scope: document
default allow := false

allow if {
	input.method == "POST"
	input.path[0] == "v1"
	input.path[1] == "data"
	input.path[2] == "archipel"
	input.path[3] in {"decision", "explanation"}
}

allow if {
	input.method == "POST"
	input.path == ["v1", "compile", "archipel", "row_filter", "include"]
}

allow if {
	input.method == "GET"
	input.path[0] in {"health", "metrics"}
}
