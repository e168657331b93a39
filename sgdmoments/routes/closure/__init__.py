"""The closure route: for models linear in the weights the moments of order m obey a linear recurrence.

One step of SGD maps an observable, a polynomial q of degree <= m in the weights, to another:

    (T q)(w) = E_B[ q(w - alpha g_B(w)) ],      E[q(w_t) | w_0] = (T_0 T_1 ... T_(t-1) q)(w_0).

`samples` gives the per-sample gradient and the moments of the data, `operator` the matrix of T on monomials,
`observables` the polynomials that stand for the user's quantities, `answer` the route itself.
"""
