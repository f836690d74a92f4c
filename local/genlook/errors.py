"""The API's error catalogue: one function a code, one shape for all."""

from collections.abc import Sequence
from typing import Any


class ApiError(Exception):
    """An answer other than success: `status`, `code`, `message`, and `details` if any."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Sequence[tuple[str, str]] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = tuple(details)
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """Return the JSON body; `details` is there only for a refused schema."""
        body: dict[str, Any] = {"code": self.code, "message": self.message, "status": self.status}
        if self.details:
            body["details"] = [{"path": path, "message": text} for path, text in self.details]
        return body


def validation_failed(*details: tuple[str, str]) -> ApiError:
    """Say that the request does not fit the schema; each detail is (dotted path, message)."""
    return ApiError(400, "VALIDATION_FAILED", "The request is not valid.", details=details)


def missing_api_key() -> ApiError:
    """Say that no `x-api-key` header came."""
    return ApiError(401, "MISSING_API_KEY", "Send your API key in the x-api-key header.")


def invalid_api_key() -> ApiError:
    """Say that the key is wrong or revoked, or its account is not active."""
    return ApiError(401, "INVALID_API_KEY", "The API key is not valid.")


def forbidden() -> ApiError:
    """Say that the thing belongs to another account."""
    return ApiError(403, "FORBIDDEN", "This belongs to another account.")


def external_id_required() -> ApiError:
    """Say that a product was to be saved without the shop's own id."""
    return ApiError(400, "EXTERNAL_ID_REQUIRED", "externalId is required.")


def product_images_required() -> ApiError:
    """Say that a product was to be created without a picture."""
    return ApiError(400, "PRODUCT_IMAGES_REQUIRED", "A new product needs at least one image.")


def customer_image_required() -> ApiError:
    """Say that a try-on was ordered without a person."""
    return ApiError(400, "CUSTOMER_IMAGE_REQUIRED", "person.image is required.")


def customer_image_fetch_failed() -> ApiError:
    """Say that the person's picture could not be downloaded."""
    return ApiError(400, "CUSTOMER_IMAGE_FETCH_FAILED", "The person image URL cannot be fetched.")


def file_required() -> ApiError:
    """Say that an upload came without its `file` part."""
    return ApiError(400, "FILE_REQUIRED", "Send the image as the multipart part 'file'.")


def multipart_file_not_found(key: str) -> ApiError:
    """Say that a `fileKey` names a part that did not come."""
    return ApiError(400, "MULTIPART_FILE_NOT_FOUND", f"There is no file part named {key!r}.")


def invalid_image_input() -> ApiError:
    """Say that an image entry of a product names no image."""
    return ApiError(400, "INVALID_IMAGE_INPUT", "An image needs a url or a fileKey.")


def invalid_image(why: str) -> ApiError:
    """Say that the bytes are no usable picture."""
    return ApiError(400, "INVALID_IMAGE", why)


def insufficient_credits() -> ApiError:
    """Say that the account has no credit left."""
    return ApiError(402, "INSUFFICIENT_CREDITS", "No credits left. Top up and try again.")


def product_not_found() -> ApiError:
    """Say that the referenced product is unknown or has expired."""
    return ApiError(404, "PRODUCT_NOT_FOUND", "Unknown or expired product.")


def generation_not_found() -> ApiError:
    """Say that there is no such generation; the code's name is inferred, not documented."""
    return ApiError(404, "GENERATION_NOT_FOUND", "Unknown generation.")


def reserved_external_id() -> ApiError:
    """Say that ids that begin with `_anon_` are the server's own."""
    return ApiError(409, "RESERVED_EXTERNAL_ID", "The prefix _anon_ is reserved.")


def rate_limited(headers: dict[str, str]) -> ApiError:
    """Say that the account has used up its requests of the last minute."""
    return ApiError(429, "RATE_LIMITED", "Too many requests.", headers=headers)


def not_found() -> ApiError:
    """Say that there is no such endpoint."""
    return ApiError(404, "NOT_FOUND", "No such endpoint.")


def method_not_allowed(allowed: Sequence[str]) -> ApiError:
    """Say that the endpoint exists, the method does not."""
    headers = {"Allow": ", ".join(sorted(allowed))}
    return ApiError(405, "METHOD_NOT_ALLOWED", "Method not allowed.", headers=headers)
