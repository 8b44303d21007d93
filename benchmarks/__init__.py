"""Speed and memory: ``python -m benchmarks.inference`` and ``python -m benchmarks.server``."""
