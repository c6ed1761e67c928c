"""The price catalogue: two packages read, held against each other, written down."""
