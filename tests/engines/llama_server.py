"""llama.cpp's server on one model file, as a program: `python -m engines.llama_server FILE NAME WINDOW SLOTS`.

It prints its address and serves until its input ends. xllamacpp carries llama.cpp as a wheel, HTTP server included.
"""

import argparse
import sys
from pathlib import Path

import xllamacpp  # type: ignore[import-untyped]  # it has no types


def main() -> None:
    """Serve the model."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("name")
    parser.add_argument("window", type=int, help="tokens of each slot")
    parser.add_argument("slots", type=int)
    chosen = parser.parse_args()
    params = xllamacpp.CommonParams()
    params.model.path = str(chosen.file)
    params.model_alias = {chosen.name}
    params.n_parallel = chosen.slots
    params.n_ctx = chosen.window * chosen.slots
    params.kv_unified = False
    params.warmup = False
    # One thread: two that wait for each other at every layer of so small a model take longer.
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    server = xllamacpp.Server(params)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
