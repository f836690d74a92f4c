"""Explores schedules: processes of the worker that interleave, die, and lose answers.

Two or three processes run real use cases on AWS and Genlook in memory. They can be stopped before
each of their calls, so that every order in which their calls can meet can be tried. Then the rest
of the system runs until nothing moves any more, and `invariants` checks what is promised from what
lies in the stores, at Genlook and on the bus.
"""
