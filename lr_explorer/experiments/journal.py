"""Finished blocks kept in a file, so that an interrupted job can go on where it was.

After a line that tells the job, records follow one another: length, checksum and content. A process that is killed leaves at worst a torn last
record, which is cut off when the file is opened again.
"""

import io
import zlib
from dataclasses import fields
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np

from lr_explorer.experiments.crowd import CrowdPart

Result = tuple[CrowdPart, ...]

_FIRST_LINE = b"LR Explorer, finished blocks 1: "
_NUMBER_BYTES = 8


class AnotherJob(ValueError):
    """The file belongs to another job."""


class Journal:
    """The finished blocks of a job in a file; a context, which closes it, and removes it if there are none.

    job: a line that tells the job from every other. results: what is known, by the blocks' places. AnotherJob if the file is another job's.
    """

    def __init__(self, path: Path, job: str) -> None:
        head = _FIRST_LINE + job.encode() + b"\n"
        self._path = path
        # Opened for adding, so that nothing is lost if it is not this job's.
        self._file: BinaryIO = path.open("a+b")
        self._file.seek(0)
        found = self._file.readline()
        # A first line that is torn has no records behind it.
        if found and not head.startswith(found):
            self._file.close()
            raise AnotherJob(f"{path} holds finished blocks of another job: delete it to start anew, or choose another file")
        self.results: dict[int, Result] = dict(self._records())
        if found != head:
            self._file.truncate(0)
            self._file.write(head)
            self._file.flush()

    def add(self, place: int, result: Result) -> None:
        """Keep the result of the block at `place`."""
        content = place.to_bytes(_NUMBER_BYTES, "big") + _packed(result)
        self._file.write(_number(len(content)) + _number(zlib.crc32(content)) + content)
        self._file.flush()
        self.results[place] = result

    def _records(self) -> list[tuple[int, Result]]:
        """Return the whole records from here on, and cut off what follows the last one."""
        found: list[tuple[int, Result]] = []
        begin = self._file.tell()
        size = self._file.seek(0, io.SEEK_END)
        while True:
            self._file.seek(begin)
            length, checksum = (int.from_bytes(self._file.read(_NUMBER_BYTES), "big") for _ in range(2))
            content = self._file.read(length) if 0 < length <= size else b""
            if not content or zlib.crc32(content) != checksum:
                self._file.truncate(begin)
                return found
            found.append((int.from_bytes(content[:_NUMBER_BYTES], "big"), _unpacked(content[_NUMBER_BYTES:])))
            begin = self._file.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if not self.results:
            self._path.unlink()


def _number(value: int) -> bytes:
    return value.to_bytes(_NUMBER_BYTES, "big")


def _packed(result: Result) -> bytes:
    """Return a block's arrays as the content of an NPZ file: reading one runs no code."""
    content = io.BytesIO()
    np.savez(content, **{f"{place}.{field.name}": getattr(part, field.name) for place, part in enumerate(result) for field in fields(part)})
    return content.getvalue()


def _unpacked(content: bytes) -> Result:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        count = 1 + max(int(name.partition(".")[0]) for name in arrays)
        return tuple(CrowdPart(**{field.name: arrays[f"{place}.{field.name}"] for field in fields(CrowdPart)}) for place in range(count))
