"""Offline preparation: frames, flow, file lists, and the generated data set."""
