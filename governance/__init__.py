"""What people use: intake, decisions, harmonising, publication, feeds, console and journal."""
