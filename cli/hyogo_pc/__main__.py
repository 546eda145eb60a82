"""``python -m hyogo_pc``."""

import multiprocessing
import sys

from hyogo_pc.main import main

if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
