"""The figures that Enishi publishes, each by one script. See docs/benchmarks.md."""
