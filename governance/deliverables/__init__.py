"""What a member gets back of a run: what may be shown of its faults, and a corrected copy of its file."""
