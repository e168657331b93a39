"""Index graphs: normal forms, sums of their products, values, and the expressions that users type."""
