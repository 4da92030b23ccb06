"""What every implementation must show: truth derived with sympy, laws, classic mistakes."""
