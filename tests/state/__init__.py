"""Tests of the state: receipts, cursors, and the layout they are kept in."""
