"""The process that decodes LAZ ahead of another one: ``python -m pointcloud.io.las.decode_ahead FILE MEMORY``.

See :mod:`pointcloud.io.las.ahead`, which starts it.
"""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

import numpy as np

from pointcloud.errors import FileError
from pointcloud.io.guard import check_unchanged, decoded, open_input
from pointcloud.io.las.ahead import CHUNK, SLOT, SLOTS, attach
from pointcloud.io.las.header import read_header
from pointcloud.io.las.records import read


def serve(path: Path, memory: str) -> None:
    """Decode of a file what rasters are made of into the slots of the memory of this name, each when it is free."""
    slots = np.frombuffer(attach(memory), np.uint8).reshape(SLOTS, SLOT)
    number = 0
    try:
        header = read_header(path)
        _say((header.size, header.modified_ns))
        chunk = min(CHUNK, SLOT // header.record_length)
        with open_input(path) as (file, _):
            check_unchanged(path, file, header.size, header.modified_ns)
            for records in decoded(path, read(file, header, chunk, parallel=True, whole=False)):
                if number >= SLOTS and not os.read(sys.stdin.fileno(), 1):
                    return  # nobody is there any more
                slots[number % SLOTS, : records.size] = records.reshape(-1)
                number += 1
                _say(records.size)
        _say(None)
    except FileError as error:
        _say(error)


def _say(what: object) -> None:
    pickle.dump(what, sys.stdout.buffer)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2])
