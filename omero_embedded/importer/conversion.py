"""The parent's side of `worker`: starts the process, watches it, and starts another when it dies."""

from __future__ import annotations

import json
import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from ..pixels.zarr_store import ZarrPixelStore
from .converted import FRAME, ConvertedFile

_END = ("end",)


class ImportFailed(Exception):
    """One file could not be imported; the text says why, without the file's name."""


class _Refused(Exception):
    """The reader said why it cannot read a file; its process goes on and has tidied up."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may take: megabytes of memory, and seconds without any progress."""

    memory: int = 8192
    silence: float = 300.0


class Converter:
    """Converts files, one after the other, in a process of its own; use it as a context manager."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._messages: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self._trace: IO[bytes] | None = None

    def __enter__(self) -> Converter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def convert(self, path: Path, store: Path, progress: Callable[[float], None]) -> ConvertedFile:
        """Convert a file for the pixel store in the folder `store`; `progress` is called with the fraction that is done.

        Raises ImportFailed with the reason when the file cannot be read.
        """
        owner = uuid.uuid4().hex
        try:
            return self._convert(path, store, owner, progress)
        except _Refused as refused:
            raise ImportFailed(str(refused)) from None
        except BaseException:
            # The process is dead, or amid work that nobody waits for any more.
            self.close()
            ZarrPixelStore(store, cache_bytes=0).remove_leftovers_of(owner)
            raise

    def _convert(
        self, path: Path, store: Path, owner: str, progress: Callable[[float], None]
    ) -> ConvertedFile:
        process = self._start()
        assert process.stdin is not None
        request = json.dumps({"path": str(path), "store": str(store), "owner": owner})
        try:
            process.stdin.write(request.encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise self._died() from None
        total = 0
        while True:
            kind, *rest = self._next()
            if kind == "size":
                total = rest[0]
            elif kind == "progress":
                progress(min(1.0, rest[0] / max(1, total)))
            elif kind == "done":
                converted: ConvertedFile = rest[0]
                return converted
            elif kind == "failed":
                raise _Refused(rest[0])

    def close(self) -> None:
        """End the process; a file that is being read is given up."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            process.kill()
            process.wait()
            process.stdin.close()
        if self._trace is not None:
            self._trace.close()
            self._trace = None

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        self._trace = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        process = subprocess.Popen(
            [sys.executable, "-m", "omero_embedded.importer.worker", str(self._limits.memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._trace,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        self._process = process
        self._messages = queue.Queue()
        assert process.stdout is not None
        threading.Thread(target=_receive, args=(process.stdout, self._messages), daemon=True).start()
        self._next()
        return process

    def _next(self) -> tuple[Any, ...]:
        try:
            message = self._messages.get(timeout=self._limits.silence)
        except queue.Empty:
            self.close()
            raise ImportFailed(
                f"reading was given up after {self._limits.silence:.0f} s without progress"
            ) from None
        if message == _END:
            raise self._died()
        return message

    def _died(self) -> ImportFailed:
        assert self._process is not None
        status = self._process.wait()
        lines: list[str] = []
        if self._trace is not None:
            self._trace.seek(0)
            lines = self._trace.read().decode(errors="replace").strip().splitlines()
        self.close()
        what = f"signal {-status}" if status < 0 else f"status {status}"
        said = f": {lines[-1].strip()}" if lines else ""
        return ImportFailed(f"the process that read it ended with {what}{said}")


def _receive(stream: IO[bytes], messages: queue.Queue[tuple[Any, ...]]) -> None:
    """Put frames into the queue until the stream ends."""
    try:
        with stream:
            while len(header := stream.read(FRAME.size)) == FRAME.size:
                (size,) = FRAME.unpack(header)
                frame = stream.read(size)
                if len(frame) < size:
                    break
                messages.put(pickle.loads(frame))
    finally:
        messages.put(_END)
