"""Which header of a file probably means which column of a contract: proposals with reasons, for a person to decide."""
