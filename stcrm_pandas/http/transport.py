"""One request and its whole response: within a deadline, and no larger than it may be."""

from __future__ import annotations

import zlib
from typing import Any

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from stcrm_pandas.http.in_flight import POOLS, InFlight

__all__ = ["BoundedAdapter", "ResponseTooLarge"]

_MULTIPLE_OF_TIMEOUT = 2
"""How often the read timeout a whole response may take."""
_GZIP = ("gzip", "x-gzip")


class ResponseTooLarge(requests.RequestException):
    """A response that is larger than it may be; the rest of it was not read."""


class BoundedAdapter(HTTPAdapter):
    """An adapter of requests that reads whole responses, within bounds of time and size.

    It reads a body in one go, for a third of the time that requests takes for a page of rows.

    Parameters
    ----------
    in_flight : InFlight
        Where requests under way are noted.
    limit : int
        Bytes of a body at most, after decompression.
    """

    def __init__(self, in_flight: InFlight, limit: int, **options: Any) -> None:
        self._in_flight, self._limit = in_flight, limit
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make pools whose connections can be ended from another thread."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Return the like for a proxy."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = POOLS
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, and read the whole body.

        Parameters
        ----------
        request : requests.PreparedRequest
            With an attribute `writes` that is True if it changes something.

        Raises
        ------
        RequestException
            As requests has them; `ReadTimeout` too where the whole takes twice the read timeout, `ResponseTooLarge`.
        """
        _, read_timeout = kwargs["timeout"]
        seconds = _MULTIPLE_OF_TIMEOUT * read_timeout
        with self._in_flight.one(seconds, writes=bool(getattr(request, "writes", False))) as flight:
            try:
                response = super().send(request, *args, **{**kwargs, "stream": True})
                response._content = self._body_of(response)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                if flight.ended_by != "deadline":
                    raise _as_requests_has_it(error) from None
            if flight.ended_by == "deadline":
                raise requests.ReadTimeout(f"the whole response took longer than {seconds:g} s")
            if flight.ended_by:  # a body that ends with its connection looks whole
                raise requests.ConnectionError(flight.ended_by)
        response._content_consumed = True  # type: ignore[attr-defined]
        return response

    def close(self) -> None:
        """Close all connections."""
        super().close()
        self._in_flight.close()

    def _body_of(self, response: requests.Response) -> bytes:
        raw = response.raw
        whole = False
        try:
            pieces: list[bytes] = []
            size = 0
            # Up to its end, and not only to its length: the next read notices that a body was cut short.
            while piece := raw.read(self._limit + 1 - size, decode_content=False):
                pieces.append(piece)
                size += len(piece)
                if size > self._limit:
                    raise ResponseTooLarge
            body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            for encoding in reversed(raw.headers.get("Content-Encoding", "").lower().split(",")):
                body = self._decoded(body, encoding.strip())
            whole = True
            return body
        finally:
            if whole:
                raw.release_conn()
            else:
                raw.close()

    def _decoded(self, body: bytes, encoding: str) -> bytes:
        """A body without one encoding: decompressed, up to the limit and no further."""
        if encoding in ("", "identity") or not body:
            return body
        if encoding not in (*_GZIP, "deflate"):
            raise requests.exceptions.ContentDecodingError("an encoding that was not asked for")
        try:
            return self._inflated(body, zlib.MAX_WBITS | (16 if encoding in _GZIP else 0))
        except zlib.error:
            if encoding in _GZIP:
                raise requests.exceptions.ContentDecodingError("broken gzip") from None
        try:
            return self._inflated(body, -zlib.MAX_WBITS)  # deflate as some send it, without its header
        except zlib.error:
            raise requests.exceptions.ContentDecodingError("broken deflate") from None

    def _inflated(self, body: bytes, wbits: int) -> bytes:
        found, size = [], 0
        while body:  # gzip may have several members
            member = zlib.decompressobj(wbits)
            found.append(member.decompress(body, self._limit + 1 - size))
            size += len(found[-1])
            if size > self._limit:
                raise ResponseTooLarge
            if not member.eof:
                raise zlib.error("cut short")
            body = member.unused_data if wbits > zlib.MAX_WBITS else b""
        return b"".join(found)


def _as_requests_has_it(error: Exception) -> Exception:
    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return requests.ReadTimeout(error)
    if isinstance(error, urllib3.exceptions.HTTPError):
        return requests.exceptions.ChunkedEncodingError(error)
    return error
