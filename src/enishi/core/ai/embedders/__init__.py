"""Who can turn sentences into vectors; each module is found by name."""
