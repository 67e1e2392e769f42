"""One pass over a CSV's bytes that learns its hash and its structure before anything is parsed.

A fast CSV reader cannot tell a row that lacks its last field from one whose last field is empty, nor
name a row's physical line once a quoted value holds a line break. This pass can: it counts, in NumPy,
the delimiters of every record outside quotes, so that each irregular row is known by number and place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

#: Small enough to stay in a core's cache, so that the passes below run at its speed.
CHUNK = 1 << 20
LF, CR, NUL, SPACE = 10, 13, 0, 32
#: Beyond this a file is not a CSV with some broken rows but something else; the exact reader takes it.
MANY = 1_000_000
#: White space beyond ASCII in UTF-8 (all of it begins with C2, E1, E2 or E3), and each as one number of three bytes.
_WIDE_SPACES = tuple(c.encode() for c in map(chr, range(0x80, 0x3001)) if c.isspace())
_WIDE_CODES = np.sort(np.array([int.from_bytes(space.ljust(3, b"\0"), "big") for space in _WIDE_SPACES], np.int32))
#: A file is parsed in pieces of about this many bytes, so that memory does not grow with it.
PIECE = 1 << 27


@dataclass(slots=True)
class Survey:
    """What the pass found. Records are numbered from 0 after the heading; blank lines count as records.

    `plain` is False when quoting is malformed or lines end in a bare CR: then only the exact reader
    can be trusted. `tight`: surely no value begins or ends with white space. `summed`: of some chunks only the sum of
    their delimiters is known to be right, so that a record may lack fields where another has too many: who parses the
    file must refuse the latter.
    """

    sha256: str = ""
    records: int = 0
    irregular: list[tuple[int, int, int, int]] = field(default_factory=list)  # record, start, end, fields
    blank: list[int] = field(default_factory=list)
    breaks: list[tuple[int, int]] = field(default_factory=list)  # record, line breaks inside its values
    cuts: list[tuple[int, int]] = field(default_factory=list)  # record and byte with which each piece begins
    plain: bool = True
    quoted: bool = False
    nul: bool = False
    tight: bool = True
    summed: bool = False


def survey(
    path: Path, *, start: int, fields: int, delimiter: str, quote: str | None, hashing: bool = True,
    every: bool = False, progress: Callable[[float], None] | None = None,
) -> Survey:  # fmt: skip
    """Survey the file from byte `start` (after the heading) for records of `fields` fields.

    Sums of chunks will do until one is wrong, unless `every` record is to be counted.
    """
    found, digest = Survey(), hashlib.sha256()
    size = path.stat().st_size
    if size == 0:
        found.sha256 = digest.hexdigest()
        return found
    pass_ = _Pass(found, start, fields, ord(delimiter), ord(quote) if quote else None, every)
    with path.open("rb") as file:
        if start:
            digest.update(file.read(start))
        buffer = bytearray(CHUNK)
        for turn, count in enumerate(iter(lambda: file.readinto(buffer), 0)):
            piece = buffer if count == CHUNK else buffer[:count]
            if hashing:
                digest.update(piece)
            if found.plain:
                pass_.take(piece)
            if progress and turn % 64 == 0:
                progress((start + turn * CHUNK) / size)
    pass_.finish(size)
    if found.summed and found.irregular and found.plain:
        found = survey(path, start=start, fields=fields, delimiter=delimiter, quote=quote, hashing=False, every=True)
    found.sha256 = digest.hexdigest()
    return found


class _Pass:
    """Carries what spans two chunks: the open record, whether it is inside quotes, and its counts."""

    def __init__(self, found: Survey, start: int, fields: int, delimiter: int, quote: int | None, every: bool) -> None:
        self.found, self.want, self.delimiter, self.quote, self.every = found, fields - 1, delimiter, quote, every
        self.at = self.begun = start  # offset of the chunk, and of the open record
        self.inside = 0  # 1 within quotes
        found.cuts.append((0, start))
        self.seen = self.inner = 0  # delimiters, and line breaks within quotes, of the open record
        self.last = LF  # the byte before the chunk
        self.before = b""  # its last two bytes
        # Arrays as long as a chunk, made once: to ask the system for their memory each time cost more than the work.
        self.room = np.empty((6, CHUNK), bool)

    def take(self, piece: bytearray) -> None:
        b = np.frombuffer(piece, np.uint8)
        is_end, is_delimiter, *_, white = room = self.room[:, : b.size]
        np.equal(b, LF, out=is_end)
        np.less_equal(b, SPACE, out=white)
        lines = int(np.count_nonzero(is_end))
        # Where the line breaks are all the white space and control codes there are, nobody need look for others.
        ends_only = np.count_nonzero(white) == lines
        if not ends_only and NUL in piece:
            self.found.nul = True
        if (not ends_only and CR in piece and not self._crlf(b, room)) or (self.last == CR and b[0] != LF):
            self.found.plain = False
            return
        np.equal(b, self.delimiter, out=is_delimiter)
        if self.found.tight:
            self.found.tight = self._tight(piece, b, room, ends_only)
        if self.quote is not None and (self.inside or self.quote in piece):
            self.found.quoted = True
            is_quote, parity, outside = room[2], room[3].view(np.uint8), room[4]
            np.equal(b, self.quote, out=is_quote)
            np.bitwise_xor.accumulate(is_quote.view(np.uint8), out=parity)
            if self.inside:
                parity ^= np.uint8(1)
            if not self._well_quoted(b, is_quote, parity):
                self.found.plain = False
                return
            np.equal(parity, 0, out=outside)
            inner = np.flatnonzero(np.greater(is_end, outside, out=room[5]))
            if inner.size or self.delimiter <= SPACE:  # may stand at the end of a value, unseen by _tight
                self.found.tight = False
            is_end &= outside
            is_delimiter &= outside
            self.inside = int(parity[-1])
            self._records(b, np.flatnonzero(is_end), is_delimiter, inner)
        elif self.every or self.inner or not self._together(piece, lines, is_delimiter):
            self._records(b, np.flatnonzero(is_end), is_delimiter, _NONE)
        self.at += b.size
        self.last, self.before = int(b[-1]), (self.before + piece[-2:])[-2:]
        if len(self.found.irregular) > MANY:
            self.found.plain = False

    def _together(self, piece: bytearray, lines: int, is_delimiter: np.ndarray) -> bool:
        """Take the records that end in a chunk without quotes at once, if they have as many delimiters as they should."""
        after = piece.rfind(LF) + 1
        rest = piece.count(self.delimiter, after)
        if not lines or not self.want or self.seen + np.count_nonzero(is_delimiter) - rest != lines * self.want:
            return False
        self.found.summed = True
        self._past(lines, after, rest)
        return True

    def _past(self, lines: int, after: int, rest: int) -> None:
        """Go on behind so many records; the next begins at that byte of the chunk, and has so many delimiters in it."""
        found = self.found
        self.seen = rest
        self.begun = self.at + after
        found.records += lines
        if self.begun - found.cuts[-1][1] >= PIECE:
            found.cuts.append((found.records, self.begun))

    def _records(self, b: np.ndarray, ends: np.ndarray, is_delimiter: np.ndarray, inner: np.ndarray) -> None:
        found, n = self.found, ends.size
        if n == 0:
            self.seen += int(np.count_nonzero(is_delimiter))
            self.inner += inner.size
            return
        counts, rest = _counted(is_delimiter, ends)
        counts[0] += self.seen
        odd = np.flatnonzero(counts != self.want)
        if self.want == 0 or odd.size:
            begins = np.concatenate(([self.begun - self.at], ends[:-1] + 1))
            lengths = ends - begins
            lone_cr = (lengths == 1) & (b[np.maximum(ends - 1, 0)] == CR)
            empty = (lengths == 0) | lone_cr
            found.blank.extend((np.flatnonzero(empty) + found.records).tolist())
            for i in odd[~empty[odd]]:
                found.irregular.append(
                    (found.records + int(i), self.at + int(begins[i]), self.at + int(ends[i]), int(counts[i]) + 1)
                )
        if inner.size or self.inner:
            within = np.diff(np.searchsorted(inner, ends), prepend=0)
            within[0] += self.inner
            found.breaks.extend((found.records + int(i), int(within[i])) for i in np.flatnonzero(within))
            self.inner = int(inner.size - np.searchsorted(inner, ends[-1]))
        self._past(n, int(ends[-1]) + 1, rest)

    def _tight(self, piece: bytearray, b: np.ndarray, room: np.ndarray, ends_only: bool) -> bool:
        """Whether surely no value in the chunk begins or ends with white space; a quote counts as a value's end."""
        is_end, is_delimiter, edge, some, _, white = room
        if not ends_only:
            np.logical_or(is_end, is_delimiter, out=edge)
            for byte in (CR, self.quote):
                if byte is not None and byte in piece:
                    edge |= np.equal(b, byte, out=some)
            np.greater(white, edge, out=white)
            if white.any():
                for ahead, behind in ((white[1:], edge[:-1]), (white[:-1], edge[1:])):
                    if np.logical_and(ahead, behind, out=some[1:]).any():
                        return False
        first = int(b[0])
        if (_blank(first) and not self._edge(first) and self._edge(self.last)) or (
            self._edge(first) and _blank(self.last) and not self._edge(self.last)
        ):
            return False
        # C0 to C3 and E0 to E3 come out: among them all that white space in UTF-8 begins with.
        np.equal(np.bitwise_and(b, 0xDC, out=some.view(np.uint8)), 0xC0, out=white)
        white[-2:] = False  # of those the rest stands in the next chunk
        leads = _set(white)
        if leads.size:
            lead, second, third = (b[leads + i].astype(np.int32) for i in range(3))
            codes = (lead << 16) | (second << 8) | np.where(lead < 0xE0, 0, third)
            nearest = np.minimum(np.searchsorted(_WIDE_CODES, codes), _WIDE_CODES.size - 1)
            if (_WIDE_CODES[nearest] == codes).any():
                return False
        return not _wide_space_in(self.before + piece[:2])  # one that spans two chunks

    def _edge(self, byte: int) -> bool:
        return byte in (LF, CR, self.delimiter, self.quote)

    def _crlf(self, b: np.ndarray, room: np.ndarray) -> bool:
        """Whether every CR is followed by LF (one at the very end of a chunk is judged with the next)."""
        is_end, is_return, lone = room[0], room[2], room[3]
        np.equal(b, CR, out=is_return)
        return not np.greater(is_return[:-1], is_end[1:], out=lone[1:]).any()

    def _well_quoted(self, b: np.ndarray, is_quote: np.ndarray, parity: np.ndarray) -> bool:
        """Quotes open only at a field's beginning, and close only at its end (or stand doubled)."""
        at = np.flatnonzero(is_quote)
        if at.size == 0:
            return True
        opening = parity[at] == 1
        previous = np.where(at > 0, b[np.maximum(at - 1, 0)], self.last)
        good_open = (previous == self.delimiter) | (previous == LF) | (previous == self.quote)
        following = b[np.minimum(at + 1, b.size - 1)]
        good_close = (following == self.delimiter) | (following == LF) | (following == CR) | (following == self.quote)
        good_close |= at == b.size - 1  # the next chunk's first quote, if any, is judged by its own neighbours
        return bool(np.where(opening, good_open, good_close).all())

    def finish(self, size: int) -> None:
        """Close the last record, which need not end in a line break."""
        found = self.found
        if not found.plain:
            return
        if self.inside or self.last == CR:
            found.plain = False
            return
        if (self.last <= SPACE and not self._edge(self.last)) or _wide_space_in(self.before):
            found.tight = False
        if self.begun < size:
            if self.seen != self.want:
                found.irregular.append((found.records, self.begun, size, self.seen + 1))
            if self.inner:
                found.breaks.append((found.records, self.inner))
            found.records += 1


def _set(flags: np.ndarray) -> np.ndarray:
    """Where flags are set of which few are: eight are looked at in one."""
    whole = flags.size & ~7
    eights = np.flatnonzero(flags[:whole].view(np.uint64) != 0)
    within = (eights[:, np.newaxis] * 8 + np.arange(8))[flags[:whole].reshape(-1, 8)[eights]]
    return np.concatenate((within, np.flatnonzero(flags[whole:]) + whole))


def _blank(byte: int) -> bool:
    return byte <= SPACE


def _counted(flags: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, int]:
    """How many are set up to each end since the one before it, and how many after the last."""
    begins = np.concatenate(([0], ends + 1))
    tail = begins[-1] < flags.size
    # Sums of bytes are several times as fast as of longer numbers; they are right where they come to the whole.
    sums = np.add.reduceat(flags.view(np.uint8), begins if tail else begins[:-1], dtype=np.uint8).astype(np.int64)
    if sums.sum() != np.count_nonzero(flags):
        sums = np.diff(np.searchsorted(np.flatnonzero(flags), [*ends, flags.size], side="right"), prepend=0)
    return sums[: ends.size], int(sums[ends.size]) if sums.size > ends.size else 0


def _wide_space_in(some: bytes) -> bool:
    return any(space in some for space in _WIDE_SPACES)


_NONE = np.empty(0, np.int64)
