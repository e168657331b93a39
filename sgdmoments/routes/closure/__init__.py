"""The closure route: for models linear in the weights the moments of order m obey a linear recurrence.

One step of SGD maps an observable, a polynomial q of degree <= m in the weights, to another:

    (T q)(w) = E_B[ q(w - alpha g_B(w)) ],      E[q(w_t) | w_0] = (T_0 T_1 ... T_(t-1) q)(w_0).

`linear` says which models there are, `operator` gives the matrix of T on monomials and `kept` keeps it with a run,
`observables` are the user's quantities as polynomials, `derivatives` and `matrices` undo a step, `route` is the route.
"""
