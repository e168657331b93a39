"""SGD: the user's door. A run, and the questions that can be asked of it, each passed on to the room that answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sgdmoments.budget import Budget
from sgdmoments.describe.description import final
from sgdmoments.describe.quantities import Given, check_function, check_moment
from sgdmoments.describe.quantity import Quantity
from sgdmoments.describe.run import Run
from sgdmoments.exact.batch_rational import BatchRational
from sgdmoments.exact.polynomial import BatchPolynomial
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.matrices import MatrixExpression
from sgdmoments.longrun.closed_form.answer import closed_form
from sgdmoments.longrun.noise_bound import NoiseBound, noise_bound
from sgdmoments.longrun.recurrence.recurrence import recurrence
from sgdmoments.longrun.stability.answer import stability
from sgdmoments.longrun.stability.higher import HigherStability
from sgdmoments.longrun.stability.stationary import Stationary, stationary
from sgdmoments.longrun.stability.threshold import Stability
from sgdmoments.longrun.trajectory import trajectory
from sgdmoments.options import call
from sgdmoments.routes.derived import covariance, diversity, noise_scale
from sgdmoments.routes.plan import RouteEstimate, answer, derive, plan
from sgdmoments.routes.symbolic.queries import expectation


@final
class SGD(Run):
    """Mini-batch SGD w_(t+1) = w_t - alpha_t g_t, g_t the mean of the batch's gradients; or another linear update.

    Args:
        model: `LinearRegression` or `Network`.
        learning_rate: number, sequence (alpha_0, alpha_1, ...), callable of t, sympy expression, or None: the
            symbol `alpha`.
        initial: the weights before training: an array for a model with one parameter array, or a dict by
            name ({"W1": ..., "W1*": ...}, teacher included); an `Init` such as `GaussianInit` for random
            weights, for all or per name; None (or a name left out): symbols.
        sampling: "without_replacement" (default for finite data), "with_replacement", or "fresh" (default
            for a data law).
        momentum, nesterov, dampening, weight_decay: as of ``torch.optim.SGD``, numbers or symbols: v_1 = g_0 +
            lambda w_0, then v <- mu v + (1 - tau)(g + lambda w).
        update: a `LinearUpdate` in place of these words.

    Attributes:
        initial: read-only, for each parameter name an exact array, an `Init`, or None (a letter).
        schedule: the learning rates.

    A run is frozen: `replace` makes another.

    >>> import sgdmoments as sm
    >>> sgd = SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate="1/10", initial=[0])
    >>> sgd.variance(sm.gradient(0)).coefficients
    (Fraction(-7, 3), Fraction(7, 1))
    """

    __slots__ = ()

    def variance(self, quantity: Quantity, *, given: Given = "initial", route: str = "auto",
                 **options: Any) -> BatchPolynomial:
        """var(q) = E||q||^2 - ||E q||^2 (the trace of the covariance), a polynomial in u = 1/b.

        Args:
            quantity: e.g. ``gradient(t)``.
            given: "initial": the variance given the initial weights, averaged over them where they are
                random; "nothing": the total variance.
            route: "auto", or the name of a route.
            options: those of the route, by name: budget and progress of every one; inverse_batch_order and
                learning_rate_order also choose it (`SymbolicOptions`, `ExpansionOptions`); arithmetic, executor,
                check, resume. ``help(ROUTES[route].Options)`` of `sgdmoments.routes.registry` tells all.
        """
        return self._answer("variance", quantity, route, given=given, **options)

    def second_moment(self, quantity: Quantity, *, route: str = "auto", **options: Any) -> BatchPolynomial:
        """E||q||^2, a polynomial in u = 1/b."""
        return self._answer("second_moment", quantity, route, **options)

    def mean(self, quantity: Quantity, *, route: str = "auto", **options: Any) -> Any:
        """E q: a polynomial in u = 1/b for a number, an object array of them for an array.

        The array has the shape of the weights of the layer asked for; with several layers, or a matrix on the
        left, it is flat: layers in order, each row by row.
        """
        return self._answer("mean", quantity, route, **options)

    def covariance(self, q: Quantity, r: Quantity | None = None, **options: Any) -> Any:
        """The matrix of E[q_i r_j] - E q_i E r_j, an object array of polynomials in 1/b; r is q where it is left out.

        Entries are those of the flat quantities, which may belong to different steps. Options as for `variance`.

        >>> import sgdmoments as sm
        >>> sgd = SGD(sm.LinearRegression([[1, 0], [2, 1], [0, 3]], [1, 1, 2]), learning_rate="1/10", initial=[0, 0])
        >>> matrix = sgd.covariance(sm.gradient(1))
        >>> matrix[0, 0] + matrix[1, 1] == sgd.variance(sm.gradient(1))
        True
        """
        return covariance(self.asked(), q, r, **options)

    def noise_scale(self, t: int, layer: int | str | None = None, hessian: bool = False,
                    **options: Any) -> BatchRational:
        """E tr Sigma(w_t) / E ||grad L(w_t)||^2, Sigma the covariance of one sample's gradient (divisor n).

        With `hessian` E tr(H Sigma) / E[grad L' H grad L]. Exact at every b; `numerator` and `denominator` are
        polynomials in 1/b.

        Source: S. McCandlish et al., An empirical model of large-batch training (2018), in expectation.

        >>> import sgdmoments as sm
        >>> sgd = SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate="1/10", initial=[0])
        >>> sgd.noise_scale(0)(1)
        Fraction(14, 27)
        """
        return noise_scale(self.asked(), t, layer, hessian, **options)

    def diversity(self, t: int, **options: Any) -> BatchRational:
        """E sum_i ||grad l_i(w_t)||^2 / E ||sum_i grad l_i(w_t)||^2 over a finite data set: a ratio of expectations.

        Source: D. Yin et al., Gradient diversity: a key ingredient for scalable distributed learning (2018).
        """
        return diversity(self.asked(), t, **options)

    def _answer(self, moment: str, quantity: Quantity, route: str, **options: Any) -> Any:
        return answer(self.asked(), moment, quantity, route, **options)

    def plan(self, quantity: Quantity, moment: str = "variance", budget: Budget | None = None, *,
             learning_rate_order: int | None = None) -> tuple[RouteEstimate, ...]:
        """What each route would need for the question, the cheapest first; nothing is run."""
        return plan(self.asked(), quantity, check_moment(moment), budget, learning_rate_order=learning_rate_order)

    def expectation(self, query: Expression | MatrixExpression, **options: Any) -> Any:
        """E of a product of traces (or of a matrix) in weights and gradients of any steps, given the initial weights.

        The left-hand sides of Theorems 3.6 to 3.8 (P0); letters of the run come from `weights_matrix(sgd, t, k)`,
        `gradient_matrix(sgd, t, k)` and `teacher_matrix(sgd, k)`.
        """
        return call(expectation, "expectation", options, self.asked(), query)

    def derivation(self, quantity: Quantity, **options: Any) -> Any:
        """The derivation of E||q||^2 as a shared DAG of terms, with the rule of each step."""
        return derive(self.asked(), quantity, **options)

    def trajectory(self, quantity: Any, steps: int, batch_sizes: Any, *, moment: str = "variance",
                   certified: bool = False, **options: Any) -> Any:
        """The moment at each t = 0, ..., steps and each batch size, in floats or in certified balls.

        Args:
            quantity: a function of t such as `gradient`, `full_gradient`, `weights`, `loss`.
            steps: the last t.
            batch_sizes: the values of b.
            moment: "variance" or "second_moment".
            certified: balls that provably contain the truth, in place of floats.

        Returns a `sgdmoments.longrun.trajectory.Trajectory`.
        """
        return call(trajectory, "trajectory", {"moment": moment, "certified": certified, **options}, self.asked(),
                    check_function(quantity), steps, batch_sizes)

    def closed_form(self, quantity: Callable[[int], Quantity], moment: str = "variance", **options: Any) -> Any:
        """A moment as a function of t, for a constant learning rate: `longrun.closed_form.answer.ClosedForm`.

        `quantity` is a function of t such as `gradient`; `moment` "variance", "second_moment" or "mean".
        """
        return call(closed_form, "closed_form", options, self.asked(), check_function(quantity), moment)

    def recurrence(self, quantity: Callable[[int], Quantity], moment: str = "second_moment", **options: Any) -> Any:
        """The same for one-layer networks with letters, as a finite recurrence on index graphs: any t at once.

        Returns a `longrun.recurrence.recurrence.GraphRecurrence`.
        """
        return call(recurrence, "recurrence", options, self.asked(), check_function(quantity), moment)

    def stability(self, order: int = 2, *, budget: Budget | None = None) -> Stability | HigherStability:
        """The learning rates for which the moments of this order converge, for each batch size.

        Order 2 is for variances of gradients and the mean loss, order 4 for the variance of the loss. The budget is
        that of each question asked of the answer, too.
        """
        return stability(self.asked(), order, budget)

    def stationary(self, b: Any = None, *, budget: Budget | None = None) -> Stationary:
        """The stationary law of the weights to second order, for a constant learning rate below the threshold.

        At batch size b, or (for few weights) as rational functions of c_b (1/b for independent draws).
        """
        return stationary(self.asked(), b, budget)

    def noise_bound(self, *, budget: Budget | None = None) -> NoiseBound:
        """The least M for each M_V in var(g | w) <= M + M_V ||grad L(w)||^2 for all w."""
        return noise_bound(self.asked(), budget)
