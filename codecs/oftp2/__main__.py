"""python -m oftp2 send | receive | probe"""

from __future__ import annotations

import sys

from oftp2.tool.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
