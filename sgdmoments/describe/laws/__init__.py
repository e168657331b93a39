"""Data laws: what a sample x is drawn from. Each says what it can be asked for; `base.Law` lists the questions."""
