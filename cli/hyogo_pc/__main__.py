"""``python -m hyogo_pc``."""

from hyogo_pc.process import entry

if __name__ == "__main__":
    entry()
