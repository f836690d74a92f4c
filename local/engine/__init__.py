"""The embedded AWS engine: ministack, pinned, on loopback, with the gaps that matter to us closed.

This package runs in the engine's own interpreter (`python -m local.engine`); what starts it from
outside is `local.engine_process`.
"""
