"""The long-running job: commands at their times, each in a process of its own, never twice at once."""
