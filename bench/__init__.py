"""How fast it is: each module measures both sides of one claim in one run, and prints the ratio."""
