"""``python -m bench``: every benchmark in turn, each a process of its own, so that none warms another's caches."""

import subprocess
import sys

BENCHES = {
    "validate": ("--rows", "1000000"),
    "long_files": ("--millions", "1", "5"),
    "reading": (),
    "peers": (),
    "federation": (),
    "communes": ("--communes", "10", "100", "1000"),
    "decide": (),
    "feeds": (),
    "tracing": (),
    "mapping": (),
}


def main() -> int:
    """Run all; ends with the number of those that missed their target."""
    missed = 0
    for name, options in BENCHES.items():
        print(f"\n== bench.{name} {' '.join(options)}", flush=True)
        missed += subprocess.run([sys.executable, "-m", f"bench.{name}", *options], check=False).returncode != 0
    return missed


if __name__ == "__main__":
    raise SystemExit(main())
