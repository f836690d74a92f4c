"""`ListMultipartUploads` encodes keys where `EncodingType=url` asks for it, as on AWS.

The engine writes each key as it is. A key with a control character makes the answer one that no
parser reads.
"""

import re
from typing import Any
from urllib.parse import quote_plus
from xml.sax.saxutils import unescape

from ministack.services import s3

from local.engine.patches.wrapping import Function, wrap

_KEYS = re.compile(r"<(Key|KeyMarker|NextKeyMarker|Prefix|Delimiter)>(.*?)</\1>", re.DOTALL)
_END = "</ListMultipartUploadsResult>"


def _encoded(found: re.Match[str]) -> str:
    name, text = found.groups()
    return f"<{name}>{quote_plus(unescape(text), safe='/')}</{name}>"


def _encoding(original: Function) -> Function:
    def uploads(bucket_name: str, query_params: dict[str, Any]) -> Any:
        status, headers, body = original(bucket_name, query_params)
        if s3._qp(query_params, "encoding-type", "") != "url":
            return status, headers, body
        text = _KEYS.sub(_encoded, body.decode())
        text = text.replace(_END, f"<EncodingType>url</EncodingType>{_END}")
        return status, headers, text.encode()

    return uploads


def apply() -> None:
    """Close the gap."""
    wrap(s3, "_list_multipart_uploads", _encoding)
