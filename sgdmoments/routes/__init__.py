"""The ways to an answer, one folder each, and the plan that picks one."""
