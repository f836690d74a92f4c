"""What every test can ask for."""

pytest_plugins = [
    "tests.support.engine",
    "tests.support.stack",
    "tests.support.tables",
    "tests.support.worlds",
    "tests.support.reused",
]
