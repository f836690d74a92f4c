"""The stack's secrets, read on first use and kept for the life of the process."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class Secret:
    """One secret."""

    def __init__(self, client: "SecretsManagerClient", arn: str) -> None:
        self._client = client
        self._arn = arn
        self._value: str | None = None

    def __call__(self) -> str:
        """The secret as last read."""
        if self._value is None:
            self._value = self._client.get_secret_value(SecretId=self._arn)["SecretString"]
        return self._value

    def reread(self) -> bool:
        """Reads the secret again, for instance after a 401; whether it has changed."""
        before, self._value = self._value, None
        return self() != before
