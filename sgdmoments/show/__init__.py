"""Formulas, pictures, tables and plots; `printers` says which of them shows which type."""
