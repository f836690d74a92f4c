"""Secrets Manager in memory."""

from typing import Any

from local.memory.errors import Exceptions, client_error


class SecretsManager:
    """The client."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.exceptions = Exceptions()

    def create_secret(self, **given: Any) -> dict[str, Any]:
        """Make a secret."""
        arn = f"arn:aws:secretsmanager:eu-west-1:000000000000:secret:{given['Name']}"
        self.secrets[arn] = given["SecretString"]
        return {"ARN": arn}

    def put_secret_value(self, **given: Any) -> dict[str, Any]:
        """Change a secret."""
        self.secrets[given["SecretId"]] = given["SecretString"]
        return {}

    def get_secret_value(self, **given: Any) -> dict[str, Any]:
        """Read a secret."""
        try:
            return {"SecretString": self.secrets[given["SecretId"]]}
        except KeyError:
            raise client_error("ResourceNotFoundException", "GetSecretValue") from None
