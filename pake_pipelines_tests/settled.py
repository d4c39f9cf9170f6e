"""Files that nobody is writing any more: a folder's reader leaves those alone that were modified just now."""

import os
import time


def settle(folder):
    """Let every regular file below `folder` have been modified an hour ago."""
    an_hour_ago = time.time() - 3600
    for directory, _, names in os.walk(os.fsencode(folder)):
        for name in names:
            os.utime(os.path.join(directory, name), (an_hour_ago, an_hour_ago), follow_symlinks=False)
