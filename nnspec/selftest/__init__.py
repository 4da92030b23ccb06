"""The suite's own tests of itself: classic mistakes, mutants of the reference, and what CUDA kernels need."""
