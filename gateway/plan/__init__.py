"""What the plan does about it: pure functions over records; no clock, no database, no Twisted."""
