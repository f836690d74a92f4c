"""Mutants of the modules that keep the promises: each changes one thing that a test must notice."""
