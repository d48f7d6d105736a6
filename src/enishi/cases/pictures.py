"""Photos without the place, the device and the moment that cameras write into them."""

from __future__ import annotations

JPEG, PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
# What a picture needs to be drawn; everything else in a PNG tells about it.
_DRAWN = frozenset(
    {
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
        b"tRNS",
        b"gAMA",
        b"cHRM",
        b"sRGB",
        b"iCCP",
        b"sBIT",
        b"bKGD",
        b"pHYs",
    }
)
_SCAN, _APP0, _APP14, _COMMENT = 0xDA, 0xE0, 0xEE, 0xFE


class Unreadable(ValueError):
    """A picture that is cut off or no picture at all."""


def is_picture(data: bytes) -> bool:
    return data.startswith((JPEG, PNG))


def without_traces(data: bytes) -> bytes:
    """A JPEG or PNG without EXIF, XMP, IPTC, texts and comments; other data as it came. Raises Unreadable."""
    if data.startswith(PNG):
        return _png(data)
    return _jpeg(data) if data.startswith(JPEG) else data


def _jpeg(data: bytes) -> bytes:
    kept, place = [JPEG], 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            raise Unreadable
        mark = data[place + 1]
        if mark == 0xFF:
            place += 1
            continue
        if mark == _SCAN:
            # The picture itself begins; what stands behind its end (a second, hidden picture) goes.
            end = data.rfind(b"\xff\xd9")
            if end < place:
                raise Unreadable
            return b"".join([*kept, data[place : end + 2]])
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        if length < 2:
            raise Unreadable
        told = (_APP0 < mark <= 0xEF and mark != _APP14) or mark == _COMMENT
        if not told:
            kept.append(data[place : place + 2 + length])
        place += 2 + length
    raise Unreadable


def _png(data: bytes) -> bytes:
    kept, place = [PNG], len(PNG)
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        kind, end = data[place + 4 : place + 8], place + 12 + length
        if end > len(data):
            raise Unreadable
        if kind in _DRAWN:
            kept.append(data[place:end])
        if kind == b"IEND":
            return b"".join(kept)
        place = end
    raise Unreadable
