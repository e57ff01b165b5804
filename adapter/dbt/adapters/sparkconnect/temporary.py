"""Folders that end with their process, also where it is killed: the next process deletes what is left."""

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

# A folder is locked right after it is made; a younger one may be about to be.
SECONDS_TO_LOCK = 60


class TemporaryFolder:
    """A folder below the machine's own for temporary files, or below another, locked while its process lives.

    Attributes:
        path: Where it is.
    """

    def __init__(self, prefix: str, parent: Path | None = None) -> None:
        """Make one, and delete those of its prefix whose process has ended.

        Args:
            prefix: What its name begins with, and no other program's.
            parent: Where it is made, for all who may read that folder; None is the machine's own, for us alone.
        """
        for left in (parent or Path(tempfile.gettempdir())).glob(f"{prefix}*"):
            _delete_unless_used(left)
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        if parent is not None:
            self.path.chmod(parent.stat().st_mode & 0o755)
        self._lock = os.open(self.path, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def delete(self) -> None:
        """Delete it and what it holds."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _delete_unless_used(path: Path) -> None:
    try:
        if path.is_symlink() or time.time() - path.stat().st_mtime < SECONDS_TO_LOCK:
            return
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    except OSError:
        # Its process lives.
        pass
    finally:
        os.close(lock)
