"""Proposals: lists of them, their labels and pools, and where they come from."""
