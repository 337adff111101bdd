"""Drift: what records usually have, measured run by run, and what is to be said when it changes."""
