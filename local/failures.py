"""What the launcher tells a person in one clear line, in place of a traceback."""


class LocalSystemError(Exception):
    """The local system cannot start, or cannot go on; the text says why and what to do."""
