"""From bytes on disk to accepted and quarantined rows, with a report that a clerk understands."""
