"""What each concept costs: measured by `nnspec.benchmarks`, shown, kept, compared and judged here."""
