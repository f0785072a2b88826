"""Tests of the compose files: the same services as natively, tried without an engine."""
