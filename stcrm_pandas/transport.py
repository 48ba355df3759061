"""Reading a body at once: requests would read a page of several megabytes in pieces of ten kilobytes."""

from __future__ import annotations

from typing import Any

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter


class WholeBodyAdapter(HTTPAdapter):
    """requests' adapter, but that the body is read in one go, for a third of the time that a page of rows takes."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, and read the whole body unless it is to be streamed; failures are those of requests."""
        response = super().send(request, *args, **kwargs)
        if not kwargs.get("stream"):
            try:
                response._content = response.raw.read(decode_content=True)
            except urllib3.exceptions.ProtocolError as error:
                raise requests.exceptions.ChunkedEncodingError(error) from None
            except urllib3.exceptions.DecodeError as error:
                raise requests.exceptions.ContentDecodingError(error) from None
            except urllib3.exceptions.ReadTimeoutError as error:
                raise requests.exceptions.ReadTimeout(error) from None
            finally:
                response.raw.release_conn()
            response._content_consumed = True  # type: ignore[attr-defined]
        return response
