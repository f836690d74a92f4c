"""What every test can ask for, and what holds for every property."""

from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.support.engine",
    "tests.support.stack",
    "tests.support.tables",
    "tests.support.worlds",
    "tests.support.reused",
]

# A property is about what comes out: how long an example takes is up to the machine.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
