"""What a call costs, measured beside what it cannot be without and beside what others offer."""
