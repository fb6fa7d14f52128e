"""Output that never stops the work: any encoding, a closed pipe, a full disk."""

import sys
from typing import Any, TextIO


class Steady:
    """A text stream whose failures are remembered, not raised.

    `coursekit recipes | head` closes the pipe early; `coursekit train > /dev/full` has
    nowhere to write. The work goes on, and `problem` says what was lost.
    """

    def __init__(self, stream: TextIO) -> None:
        """Letters that the stream's encoding lacks become question marks."""
        self._stream = stream
        self.problem: OSError | None = None
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")

    def write(self, text: str) -> int:
        """Write, or remember why not."""
        try:
            self._stream.write(text)
        except OSError as error:
            self.problem = self.problem or error
        return len(text)

    def flush(self) -> None:
        """Flush, or remember why not."""
        try:
            self._stream.flush()
        except OSError as error:
            self.problem = self.problem or error

    def __getattr__(self, name: str) -> Any:
        """Everything else is the stream's own."""
        return getattr(self._stream, name)


def steady() -> tuple[Steady, Steady]:
    """Put such streams in the place of stdout and stderr."""
    out, err = Steady(sys.stdout), Steady(sys.stderr)
    sys.stdout, sys.stderr = out, err
    return out, err
