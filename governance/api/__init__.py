"""The feeds API: one address, one format, one meaning for all communes, and a reason for each refusal."""
