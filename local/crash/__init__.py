"""Kills the deployed workers from outside, at any of their calls, and checks what is promised."""
