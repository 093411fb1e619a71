"""A small command to try a partner by hand: `python -m oftp2 send`, `receive` and `probe`.

The only part of `oftp2` that does I/O; nothing else of it imports this.
"""
