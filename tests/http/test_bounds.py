"""Whatever arrives, and however slowly: an error of ours in bounded time and memory."""

from __future__ import annotations

import gzip
import json
import resource
import signal
import subprocess
import sys
import textwrap
import time
import zlib

import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.errors import ConnectionFailed, RequestError, SignInError, StcrmError

from .raw_service import raw_service, response

ROWS = json.dumps({"page": 1, "pageSize": 50, "hasMore": False, "totalCount": 0, "data": []}).encode()


@pytest.fixture
def join_raw(usual, open_clients):
    def connect(url, **options):
        place = {"tenant": 7, "client_id": "cid", "client_secret": "s3cret", "app_key": "k3y"}
        real = {name: value for name, value in usual.items() if name not in ("sleep", "timer", "chance")}
        open_clients.append(stcrm.connect(api_url=url, auth_url=url, **place, **{**real, "retries": 0, **options}))
        return open_clients[-1]

    return connect


# Time


def dripping(head, drop=b"x"):
    def respond(send, ended):
        send(head)
        while not ended.wait(0.05):
            send(drop)

    return respond


DRIPS = {
    "a body": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
    "a body without length": dripping(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"),
    "chunks": dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "the length of a chunk": dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    "the status": dripping(b"", b"H"),
    "a header": dripping(b"HTTP/1.1 200 OK\r\nX: "),
    "headers": dripping(b"HTTP/1.1 200 OK\r\n", b"X: 1\r\n"),
    "continue": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("drip", DRIPS)
def test_slow_bytes_stop_at_twice_the_timeout(drip, join_raw):
    with raw_service(DRIPS[drip]) as url:
        crm = join_raw(url, timeout=(1, 0.25))
        began = time.monotonic()
        with pytest.raises(ConnectionFailed, match=r"took too long|broke off"):
            crm.leads.list()
        assert time.monotonic() - began > 0.4  # and it ended, which the drip does not


def test_slow_response_within_the_limit_is_complete(join_raw):
    def slowly(send, ended):
        send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(ROWS)}\r\nConnection: close\r\n\r\n".encode())
        for at in range(0, len(ROWS), 10):
            ended.wait(0.02)
            send(ROWS[at : at + 10])

    with raw_service(slowly) as url:
        assert len(join_raw(url, timeout=(1, 2)).leads.list()) == 0


def test_truncated_body_is_detected(join_raw):
    def cut(send, ended):
        send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + ROWS)

    with raw_service(cut) as url, pytest.raises(ConnectionFailed, match="broke off"):
        join_raw(url).leads.list()


PROGRAM = """
    import sys, stcrm_pandas as stcrm
    crm = stcrm.connect(
        api_url=sys.argv[1], auth_url=sys.argv[1], tenant=7, client_id="c", client_secret="s", app_key="k",
        cache_dir="cache", time_zone="UTC", concurrency=int(sys.argv[2]), timeout=(5, 3600),
    )
    print("ready", flush=True)
    try:
        crm.leads.list(ids=range(1, 1000))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.mark.parametrize("concurrency", [pytest.param("1", marks=pytest.mark.deep), "8"])
def test_ctrl_c_ends_a_read_and_the_process_within_two_seconds(concurrency, tmp_path):
    """The promise is a time, so only a clock can show it; what is read drips on for hours."""
    with raw_service(DRIPS["a body"]) as url:
        command = [sys.executable, "-c", textwrap.dedent(PROGRAM), url, concurrency]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.7)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert time.monotonic() - began < 2
        process.communicate(timeout=30)
        assert time.monotonic() - began < 4  # the interpreter waits for the threads of the read, too


# Size


def bomb(megabytes):
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    zeros = bytes(1_000_000)
    return b"".join(packer.compress(zeros) for _ in range(megabytes)) + packer.flush()


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_gzip_bomb_is_not_decompressed(join_raw):
    packed = response(bomb(500), "Content-Encoding: gzip")
    before = peak()
    with (
        raw_service(packed) as url,
        pytest.raises(ConnectionFailed, match=r"larger than 64 MB.*STCRM_RESPONSE_LIMIT_MB"),
    ):
        join_raw(url, retries=3).leads.list()
    assert peak() - before < 250


def endless(send, ended):
    send(b"HTTP/1.1 200 OK\r\n\r\n")
    while not ended.is_set():
        send(bytes(100_000))


def endless_chunk(send, ended):
    send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\n")
    while not ended.is_set():
        send(bytes(100_000))


@pytest.mark.parametrize(
    "respond",
    [
        endless,
        endless_chunk,
        response(bytes(1_000_001)),
        response(bytes(1_000_001), status="500 No"),
        response(
            gzip.compress(bytes(700_000), mtime=0) + gzip.compress(bytes(700_000), mtime=0), "Content-Encoding: gzip"
        ),
        response(gzip.compress(bomb(30), mtime=0), "Content-Encoding: gzip, gzip"),
        response(zlib.compress(bytes(1_000_001)), "Content-Encoding: deflate"),
    ],
    ids=["endless", "chunk", "plain", "an error", "members", "twice", "deflate"],
)
def test_too_large_body_raises(respond, join_raw, monkeypatch):
    monkeypatch.setenv("STCRM_RESPONSE_LIMIT_MB", "1")
    with raw_service(respond) as url, pytest.raises(ConnectionFailed, match="larger than 1 MB"):
        join_raw(url, retries=3).leads.list()


def test_a_write_whose_response_is_too_large_is_in_doubt(join_raw, monkeypatch):
    monkeypatch.setenv("STCRM_RESPONSE_LIMIT_MB", "1")
    with raw_service(response(bytes(1_000_001))) as url:
        with pytest.raises(ConnectionFailed, match="may have been made") as caught:
            join_raw(url, allow_writes=True).leads.create_note(1, text="x")
        assert caught.value.in_doubt


def deflated(body):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("identity", ROWS),
        ("gzip", gzip.compress(ROWS, mtime=0)),
        ("X-GZIP", gzip.compress(ROWS[:9], mtime=0) + gzip.compress(ROWS[9:], mtime=0)),
        ("deflate", zlib.compress(ROWS)),
        ("deflate", deflated(ROWS)),
        ("deflate, gzip", gzip.compress(zlib.compress(ROWS), mtime=0)),
    ],
)
def test_an_encoded_body_is_read(encoding, body, join_raw):
    with raw_service(response(body, f"Content-Encoding: {encoding}")) as url:
        assert len(join_raw(url).leads.list()) == 0


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"no gzip"),
        ("gzip", gzip.compress(ROWS, mtime=0)[:-9]),
        ("deflate", b"none"),
        ("br", ROWS),
        ("gzip, x", ROWS),
    ],
)
def test_broken_encoding_raises(encoding, body, join_raw):
    with raw_service(response(body, f"Content-Encoding: {encoding}")) as url, pytest.raises(ConnectionFailed):
        join_raw(url).leads.list()


# Depth and number

DEEP = b"[" * 200_000 + b"]" * 200_000


@pytest.mark.parametrize("body", [DEEP, b'{"title": ' + DEEP + b"}", b'{"errors": {"a": [' + DEEP + b"]}}"])
def test_deeply_nested_error_is_a_stcrm_error(body, join_raw):
    with raw_service(response(body, status="400 Bad")) as url, pytest.raises(RequestError, match="refused"):
        join_raw(url).leads.list()


@pytest.mark.parametrize(
    "token", [DEEP, b'{"access_token": ' + DEEP + b"}", b'{"access_token": "x", "expires_in": ' + DEEP + b"}"]
)
def test_deeply_nested_token_is_a_stcrm_error(token, join_raw):
    with raw_service(response(ROWS), token=token) as url, pytest.raises(SignInError, match="STCRM_AUTH_URL"):
        join_raw(url).leads.list()


@pytest.mark.parametrize(
    "lifetime", ["1" + "0" * 400, "1e400", "-1e400", "Infinity", "NaN", "-5", "null", '"900"', "true"]
)
def test_a_token_of_any_lifetime_is_used(lifetime, join_raw):
    token = f'{{"access_token": "x", "expires_in": {lifetime}}}'.encode()
    with raw_service(response(ROWS), token=token) as url:
        assert len(join_raw(url).leads.list()) == 0


@pytest.mark.parametrize("wait", ["9" * 400, "1e9"])
def test_any_retry_after_is_obeyed_or_rejected(wait, join_raw):
    body = json.dumps({"message": f"Try again in {wait} seconds."}).encode()
    with (
        raw_service(response(body, f"Retry-After: {'9' * 400}", status="429 No")) as url,
        pytest.raises(StcrmError, match="429"),
    ):
        join_raw(url).leads.list()


# Proxies


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"])
def test_loopback_bypasses_the_proxy(name, box, join, join_by_address, monkeypatch):
    for other in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert len(join(box).locations.list()) == 45
    by_name = box.api_url.replace("127.0.0.1", "localhost")
    assert len(join_by_address(box, api_url=by_name).locations.list()) == 45


def test_other_addresses_use_the_proxy(join_by_address, box, monkeypatch):
    for other in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(other, raising=False)
    asked = []

    def proxy(send, ended):
        asked.append(True)
        send(b"HTTP/1.1 502 Bad gateway\r\nContent-Length: 0\r\n\r\n")

    with raw_service(proxy) as url:
        monkeypatch.setenv("https_proxy", url)
        with pytest.raises(ConnectionFailed, match="proxy"):
            join_by_address(box, api_url="https://x.example", auth_url="https://x.example", retries=0).leads.list()
    assert asked
