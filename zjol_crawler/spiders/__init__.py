"""Spiders: they fetch and follow, and extract nothing."""
