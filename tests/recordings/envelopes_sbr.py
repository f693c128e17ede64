"""What was saved of SportsbookReview is the document of a page's script; the page around it is put back here."""

from __future__ import annotations


def next_data_page(fragment: bytes) -> bytes:
    """A page of HTML that carries a ``__NEXT_DATA__`` document, as the site serves it."""
    return (
        b'<!DOCTYPE html><html lang="en"><head><title>MLB Odds</title></head><body><div id="__next"></div>'
        b'<script id="__NEXT_DATA__" type="application/json">' + fragment.strip() + b"</script></body></html>"
    )
