"""What is here is read by the type checker, and not run."""

collect_ignore = ["calls.py"]
