"""Telling those who asked for it what came of a run: by e-mail to a mailbox of a function, or to a program."""
