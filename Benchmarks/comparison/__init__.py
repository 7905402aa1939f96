"""The parts of Benchmarks/compare: processes, load, measurements, report."""
