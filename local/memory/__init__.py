"""AWS in memory and in virtual time: boto3's clients as the worker uses them, without a process.

A test of a use case takes milliseconds here, and the explorer of schedules can stop a process
between any two calls. The contract tests in `tests/local/memory` run against these clients and
against the embedded engine, so that the two cannot drift apart.
"""
