"""The program that a pool's processes run: take a block, answer with what it returns, until nothing more comes."""

import os
import pickle
import sys
import traceback
from typing import BinaryIO

_LENGTH_BYTES = 8
# Whoever serves pages goes first where there are fewer processors than processes.
_NICENESS = 10


def send(stream: BinaryIO, message: bytes) -> None:
    """Write a message so that `receive` knows its end."""
    stream.write(len(message).to_bytes(_LENGTH_BYTES, "big") + message)
    stream.flush()


def receive(stream: BinaryIO) -> bytes:
    """Return the next message; EOFError if the stream ends before it does."""
    length = int.from_bytes(_exactly(stream, _LENGTH_BYTES), "big")
    return _exactly(stream, length)


def _exactly(stream: BinaryIO, count: int) -> bytes:
    read = stream.read(count)
    if len(read) < count:
        raise EOFError
    return read


def _answer(message: bytes) -> bytes:
    """Return, pickled, whether a block succeeded, and its result or error."""
    try:
        return pickle.dumps((True, pickle.loads(message)()))
    except Exception as error:
        error.add_note(f"In a worker process:\n{traceback.format_exc()}")
        try:
            return pickle.dumps((False, error))
        except Exception:
            return pickle.dumps((False, RuntimeError(repr(error))))


def _serve() -> None:
    # Answers keep the way out to themselves: what a block prints goes where errors go.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        if hasattr(os, "nice"):
            os.nice(_NICENESS)
        while True:
            try:
                send(answers, _answer(receive(sys.stdin.buffer)))
            except EOFError:
                return
            except BrokenPipeError:
                # Nobody is there any more, and what was not sent cannot be.
                os._exit(1)


if __name__ == "__main__":
    _serve()
