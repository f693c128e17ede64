"""Bodies of unknown size are read in bounded memory and hashed whole."""

from __future__ import annotations

import gzip
import hashlib
import zlib

import pytest

from dagster_mlb.sources.http_body import PIECE_BYTES, BodyCutShortError, BoundedBody, Decoder


def decoded(encoding: str | None, *chunks: bytes) -> bytes:
    decoder = Decoder(encoding)
    content = b"".join(piece for chunk in chunks for piece in decoder.pieces(chunk))
    decoder.check_finished()
    return content


def test_a_body_over_the_cap_keeps_its_beginning_and_is_counted_and_hashed_whole() -> None:
    body = BoundedBody(cap=10, hard_limit=100)
    for piece in (b"abcdefg", b"hijklmn", b"opq"):
        body.feed(piece)
    assert body.kept() == b"abcdefghij"
    assert body.length == 17
    assert body.is_truncated
    assert not body.is_full
    assert body.content_hash() == hashlib.sha256(b"abcdefghijklmnopq").hexdigest()


def test_a_body_of_exactly_the_cap_is_whole() -> None:
    body = BoundedBody(cap=3, hard_limit=30)
    body.feed(b"abc")
    assert not body.is_truncated
    assert body.kept() == b"abc"


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        (None, b"plain"),
        ("identity", b"plain"),
        ("gzip", gzip.compress(b"plain", mtime=0)),
        ("X-GZIP", gzip.compress(b"plain", mtime=0) + b"\0\0\0"),
        ("gzip", gzip.compress(b"pl", mtime=0) + gzip.compress(b"ain", mtime=0)),
        ("deflate", zlib.compress(b"plain")),
    ],
)
def test_each_offered_encoding_is_undone_wherever_the_network_cuts(encoding: str | None, packed: bytes) -> None:
    for cut in range(len(packed) + 1):
        assert decoded(encoding, packed[:cut], packed[cut:]) == b"plain"


def test_a_bomb_is_inflated_piece_by_piece() -> None:
    bomb = gzip.compress(b"\0" * (8 * PIECE_BYTES), mtime=0)
    sizes = [len(piece) for piece in Decoder("gzip").pieces(bomb)]
    assert sum(sizes) == 8 * PIECE_BYTES
    assert max(sizes) <= PIECE_BYTES


def test_a_stream_without_its_end_is_cut_short() -> None:
    with pytest.raises(BodyCutShortError, match="ends before its end"):
        decoded("gzip", gzip.compress(b"plain" * 100, mtime=0)[:-9])


def test_a_corrupt_stream_is_no_body() -> None:
    with pytest.raises(BodyCutShortError, match="corrupt"):
        decoded("gzip", b"this is not gzip")


def test_an_encoding_nobody_offered_leaves_the_bytes_as_they_came() -> None:
    decoder = Decoder("br")
    assert b"".join(decoder.pieces(b"\x0b\x02")) == b"\x0b\x02"
    assert not decoder.is_known
