"""Closed forms in t for a constant learning rate: the step operator's matrix kept over ℚ(letters).

A moment is a sum of sequences row @ T^t @ start, T over ℚ[alpha, v, letters of the problem]. `system` holds one
such sequence and its generating function, `powers` turns one into sum_i K_i rho_i^t where the rho_i are
rational in the letters, `answer` builds them from the user's question.
"""
