"""What does the mock cost? CPU a request, start-up, memory, and how long a run takes."""
