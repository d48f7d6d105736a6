"""Pages of promises, tasks and closing days."""
