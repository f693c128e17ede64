"""Reading a response body of unknown size in bounded memory: decode, count, hash, keep the beginning.

Decompression is done here and not by the HTTP library, because a library inflates whatever it is sent: a few kilobytes
can become gigabytes. Here a piece is inflated at most ``PIECE_BYTES`` at a time and counted before the next.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator

PIECE_BYTES = 1024 * 1024


class BodyCutShortError(Exception):
    """The compressed stream ended before its end, or is no valid stream."""


class BoundedBody:
    """Counts and hashes everything it is fed, keeps the first ``cap`` bytes, and is full at ``hard_limit``."""

    def __init__(self, cap: int, hard_limit: int) -> None:
        self.cap = cap
        self.hard_limit = hard_limit
        self.length = 0
        self._kept = bytearray()
        self._digest = hashlib.sha256()

    @property
    def is_truncated(self) -> bool:
        return self.length > self.cap

    @property
    def is_full(self) -> bool:
        """Past the hard limit nothing more is read: the length is then what was counted so far."""
        return self.length >= self.hard_limit

    def feed(self, piece: bytes) -> None:
        self.length += len(piece)
        self._digest.update(piece)
        room = self.cap - len(self._kept)
        if room > 0:
            self._kept += piece[:room]

    def kept(self) -> bytes:
        return bytes(self._kept)

    def content_hash(self) -> str:
        """sha256 of every byte that was fed, hex."""
        return self._digest.hexdigest()


class Decoder:
    """Undoes ``Content-Encoding`` piece by piece: identity, gzip (several members too) and deflate.

    An encoding that was never offered leaves the bytes as they came, with ``is_known`` False.
    """

    def __init__(self, content_encoding: str | None) -> None:
        encoding = (content_encoding or "identity").strip().lower()
        self.is_known = encoding in ("identity", "", "gzip", "x-gzip", "deflate")
        self._is_compressed = self.is_known and encoding not in ("identity", "")
        self._inflate = self._new_inflate()
        self._saw_bytes = False

    @staticmethod
    def _new_inflate() -> zlib._Decompress:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # gzip or zlib, by its header

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """The decoded bytes of one network chunk, at most ``PIECE_BYTES`` at a time."""
        if not self._is_compressed:
            if data:
                yield data
            return
        while data:
            self._saw_bytes = True
            if self._inflate.eof:
                if not data.strip(b"\0"):
                    return  # zero padding after the last member is allowed
                self._inflate = self._new_inflate()
            try:
                piece = self._inflate.decompress(data, PIECE_BYTES)
            except zlib.error as error:
                raise BodyCutShortError(f"the compressed body is corrupt: {error}") from None
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            if piece:
                yield piece

    def check_finished(self) -> None:
        """Raises BodyCutShortError where the compressed stream has no end."""
        if self._is_compressed and self._saw_bytes and not self._inflate.eof:
            raise BodyCutShortError("the compressed body ends before its end")
