"""What the surroundings add, in seconds.

More than `make overheads` measures of STEP, SAVE and OUTCOME on the engine (README.md): on AWS each
step goes over a network.
"""

STEP = 0.1
"""From a message or the end of a wait to the take of a slot: a warm invocation and its reads."""

MARK = 0.03
"""Between the slot and the paid call: its mark in the ledger."""

SAVE = 0.08
"""After the paid call: the generation's id is saved, the execution started."""

LEAST_DOWNLOAD, MOST_DOWNLOAD = 0.1, 0.5
"""The picture from its temporary link: a connection of its own and one or two megabytes."""

OUTCOME = 0.12
"""After the picture was fetched: stored in its bucket, decided, published."""

WORKERS = 5
"""Try-on messages at the same time: the default of the stack's parameter TryOnConcurrency."""

SKEW = 0.1
"""A caller's clock is so much ahead or behind, at most."""
