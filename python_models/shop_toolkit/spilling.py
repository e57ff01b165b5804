"""What DuckDB writes to disk while a query needs more memory than it may have."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

# A spill that is shorter takes no room and no time to speak of.
SECONDS_BETWEEN_LOOKS = 0.1
BYTES_PER_BLOCK = 512


class Spilled:
    """The most that DuckDB had spilled to disk at a time.

    DuckDB deletes its temporary files after each query and counts them per connection only, so whoever wants to know
    of a whole run looks into their folder meanwhile.

    Args:
        warehouse: The DuckDB file, beside which it spills.

    Attributes:
        peak_bytes: Bytes on the disk, without what a killed process left there.
    """

    def __init__(self, warehouse: Path) -> None:
        self.folder = warehouse.with_name(f"{warehouse.name}.tmp")
        # The file system's clock may be a tick behind.
        self.began = time.time() - 1
        self.peak_bytes = 0

    def look(self) -> None:
        """Look once."""
        self.peak_bytes = max(self.peak_bytes, sum(self._sizes()))

    def _sizes(self) -> Iterator[int]:
        try:
            files = list(self.folder.iterdir())
        except OSError:  # mostly there is no such folder
            return
        for path in files:
            try:
                status = path.stat()
            except OSError:  # it was deleted meanwhile
                continue
            if status.st_mtime >= self.began:
                yield status.st_blocks * BYTES_PER_BLOCK

    def sentence(self) -> str | None:
        """What people should know of it; None where nothing was spilled."""
        if not self.peak_bytes:
            return None
        return f"DuckDB spilled up to {size(self.peak_bytes)} to disk: more SHOP_MEMORY makes this faster."


@contextmanager
def watch_spilling(warehouse: Path, seconds: float = SECONDS_BETWEEN_LOOKS) -> Iterator[Spilled]:
    """Within it, look again and again at what is spilled.

    Args:
        warehouse: The DuckDB file.
        seconds: Seconds between two looks.
    """
    spilled, ended = Spilled(warehouse), Event()

    def look() -> None:
        while not ended.wait(seconds):
            spilled.look()

    watcher = Thread(target=look, name="spilling", daemon=True)
    watcher.start()
    try:
        yield spilled
    finally:
        ended.set()
        watcher.join()


def size(count: int) -> str:
    """Bytes as `6.5 GB`, and below one as `120 MB`."""
    return f"{count / 1e9:.1f} GB" if count >= 999_500_000 else f"{max(round(count / 1e6), 1)} MB"
