"""What work says of itself while it is done: one id for all of it, its logs, its spans."""
