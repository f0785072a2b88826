"""What is left when something dies or goes missing in the middle of a run: nothing lost, nothing doubled."""
