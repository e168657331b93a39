"""SGD: the user's door. A model, a learning rate, initial weights and a way of sampling; then questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import sympy

from sgdmoments.errors import InputError
from sgdmoments.exact.numbers import fresh_symbol
from sgdmoments.models.description import Description, final
from sgdmoments.models.initial import Init
from sgdmoments.models.model import Model
from sgdmoments.models.quantities import Quantity, check_function, check_moment
from sgdmoments.models.sampling import check_sampling
from sgdmoments.models.schedule import Schedule
from sgdmoments.models.shapes import check_model
from sgdmoments.models.start import read_initial
from sgdmoments.models.values import symbols

if TYPE_CHECKING:
    from sgdmoments.budget import Budget
    from sgdmoments.exact.polynomial import BatchPolynomial
    from sgdmoments.graphs.expression import Expression
    from sgdmoments.graphs.query import MatrixExpression
    from sgdmoments.routes.noise_bound import NoiseBound
    from sgdmoments.routes.plan import RouteEstimate
    from sgdmoments.routes.stability.higher import HigherStability
    from sgdmoments.routes.stability.stationary import Stationary
    from sgdmoments.routes.stability.threshold import Stability

Given = Literal["initial", "nothing"]


@final
class SGD(Description):
    """Mini-batch SGD w_(t+1) = w_t - alpha_t g_t, g_t the mean of the batch's gradients.

    Args:
        model: `LinearRegression` or `Network`.
        learning_rate: number, sequence (alpha_0, alpha_1, ...), callable of t, sympy expression, or None: the
            symbol `alpha`.
        initial: the weights before training: an array for a model with one parameter array, or a dict by
            name ({"W1": ..., "W1*": ...}, teacher included); an `Init` such as `GaussianInit` for random
            weights, for all or per name; None (or a name left out): symbols.
        sampling: "without_replacement" (default for finite data), "with_replacement", or "fresh" (default
            for a data law).

    Attributes:
        initial: read-only, for each parameter name an exact array, an `Init`, or None (a letter).
        schedule: the learning rates.

    A run is frozen: `replace` makes another.

    >>> import sgdmoments as sm
    >>> sgd = SGD(sm.LinearRegression([[1], [2], [3]], [1, 1, 2]), learning_rate="1/10", initial=[0])
    >>> sgd.variance(sm.gradient(0)).coefficients
    (Fraction(-7, 3), Fraction(7, 1))
    """

    __slots__ = ("initial", "memo", "model", "sampling", "schedule")
    working = Description.working | {"memo"}

    def __init__(self, model: Model, learning_rate: Any = None, initial: Any = None,
                 sampling: str | None = None) -> None:
        if not isinstance(model, Model):
            raise InputError(f"model: expected LinearRegression or Network, found {model!r}.")
        check_model(model)
        self.model = model
        self.sampling = check_sampling(sampling, model.n is not None)
        self.initial: Mapping[str, np.ndarray[Any, Any] | Init | None] = read_initial(model, initial)
        if learning_rate is None:
            learning_rate = self._letter()
        self.schedule = learning_rate if isinstance(learning_rate, Schedule) else Schedule(learning_rate)

    def _seal(self) -> None:
        #: What routes keep between questions; not part of the description.
        self.memo: dict[str, Any] = {}
        super()._seal()

    def replace(self, **changes: Any) -> SGD:
        """The same run but for some of its arguments: model, learning_rate, initial, sampling.

        Arguments that were left to their defaults are so again.

        >>> import sgdmoments as sm
        >>> sgd = SGD(sm.LinearRegression([[1], [2]], [1, 2]), "1/10", [0])
        >>> sgd.replace(sampling="with_replacement").sampling, sgd.sampling
        ('with_replacement', 'without_replacement')
        """
        arguments = self._arguments()
        if arguments["learning_rate"] == self._letter():
            arguments["learning_rate"] = None
        unknown = sorted(set(changes) - set(arguments))
        if unknown:
            raise InputError(f"replace: a run has no {', '.join(unknown)}; it has {', '.join(arguments)}.")
        return SGD(**{**arguments, **changes})

    def _letter(self) -> sympy.Symbol:
        """The learning rate where none is given."""
        return fresh_symbol("alpha", self._problem_symbols())

    def _arguments(self) -> dict[str, Any]:
        given = {name: value for name, value in self.initial.items() if value is not None}
        usual = self.sampling == check_sampling(None, self.model.n is not None)
        return {"model": self.model, "learning_rate": self.schedule.learning_rate, "initial": given or None,
                "sampling": None if usual else self.sampling}

    def symbols(self, quantity: Quantity | None = None) -> frozenset[sympy.Symbol]:
        """The user's symbols: in the model, the initial weights, the learning rates, and the question if given.

        Of a callable learning rate those of the rates before the question's step.
        """
        found = self.memo.get("symbols")
        if found is None:
            found = self.memo["symbols"] = self._problem_symbols()
        if quantity is None:
            return found | self.schedule.symbols(0)
        steps = quantity.step if isinstance(quantity.step, int) else 0
        return found | self.schedule.symbols(steps) | quantity.symbols

    def _problem_symbols(self) -> frozenset[sympy.Symbol]:
        return self.model.free_symbols | symbols(self.initial)

    @property
    def n(self) -> int | None:
        """The number of data points; None for fresh samples."""
        return self.model.n

    @property
    def population(self) -> int | None:
        """n where batches are drawn without replacement (then b <= n), else None."""
        return self.n if self.sampling == "without_replacement" else None

    def _asked(self) -> SGD:
        """This run, at the beginning of a question: nothing is kept of a model that may have changed."""
        if not self.by_value:
            self.memo.clear()
        return self

    # -- questions ------------------------------------------------------------------------------------------

    def variance(self, quantity: Quantity, *, given: Given = "initial", route: str = "auto",
                 **options: Any) -> BatchPolynomial:
        """var(q) = E||q||^2 - ||E q||^2 (the trace of the covariance), a polynomial in u = 1/b.

        Args:
            quantity: e.g. ``gradient(t)``.
            given: "initial": the variance given the initial weights, averaged over them where they are
                random; "nothing": the total variance.
            route: "auto", or the name of a route.
            options: passed to the route: learning_rate_order, inverse_batch_order, arithmetic, budget,
                progress, executor.
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

    def _answer(self, moment: str, quantity: Quantity, route: str, **options: Any) -> Any:
        from sgdmoments.routes.plan import answer

        return answer(self._asked(), moment, quantity, route, **options)

    def plan(self, quantity: Quantity, moment: str = "variance", budget: Budget | None = None, *,
             learning_rate_order: int | None = None) -> tuple[RouteEstimate, ...]:
        """What each route would need for the question, the cheapest first; nothing is run."""
        from sgdmoments.routes.plan import plan

        return plan(self._asked(), quantity, check_moment(moment), budget, learning_rate_order=learning_rate_order)

    def expectation(self, query: Expression | MatrixExpression, **options: Any) -> Any:
        """E of a product of traces (or of a matrix) in weights and gradients of any steps, given the initial weights.

        The left-hand sides of Theorems 3.6 to 3.8 (P0); letters of the run come from `weights_matrix(sgd, t, k)`,
        `gradient_matrix(sgd, t, k)` and `teacher_matrix(sgd, k)`.
        """
        from sgdmoments.routes.symbolic.queries import expectation

        return expectation(self._asked(), query, **options)

    def derivation(self, quantity: Quantity, **options: Any) -> Any:
        """The derivation of E||q||^2 as a shared DAG of terms, with the rule of each step."""
        from sgdmoments.routes.plan import derive

        return derive(self._asked(), quantity, **options)

    def trajectory(self, quantity: Any, steps: int, batch_sizes: Any, *, moment: str = "variance",
                   certified: bool = False, **options: Any) -> Any:
        """The moment at each t = 0, ..., steps and each batch size, in floats or in certified balls.

        Args:
            quantity: a function of t such as `gradient`, `full_gradient`, `weights`, `loss`.
            steps: the last t.
            batch_sizes: the values of b.
            moment: "variance" or "second_moment".
            certified: balls that provably contain the truth, in place of floats.

        Returns a `sgdmoments.routes.trajectory.Trajectory`.
        """
        from sgdmoments.routes.trajectory import trajectory

        return trajectory(self._asked(), check_function(quantity), steps, batch_sizes, moment=moment,
                          certified=certified, **options)

    def closed_form(self, quantity: Callable[[int], Quantity], moment: str = "variance", **options: Any) -> Any:
        """A moment as a function of t, for a constant learning rate: `routes.closed_form.answer.ClosedForm`.

        `quantity` is a function of t such as `gradient`; `moment` "variance", "second_moment" or "mean".
        """
        from sgdmoments.routes.closed_form.answer import closed_form

        return closed_form(self._asked(), check_function(quantity), moment, **options)

    def recurrence(self, quantity: Callable[[int], Quantity], moment: str = "second_moment", **options: Any) -> Any:
        """The same for one-layer networks with letters, as a finite recurrence on index graphs: any t at once.

        Returns a `routes.symbolic.recurrence.GraphRecurrence`.
        """
        from sgdmoments.routes.symbolic import recurrence

        return recurrence(self._asked(), check_function(quantity), moment, **options)

    def stability(self, order: int = 2) -> Stability | HigherStability:
        """The learning rates for which the moments of this order converge, for each batch size.

        Order 2 is for variances of gradients and the mean loss, order 4 for the variance of the loss.
        """
        from sgdmoments.routes.stability.answer import stability

        return stability(self._asked(), order)

    def stationary(self, b: Any = None) -> Stationary:
        """The stationary law of the weights to second order, for a constant learning rate below the threshold.

        At batch size b, or (for few weights) as rational functions of c_b (1/b for independent draws).
        """
        from sgdmoments.routes.stability.stationary import stationary

        return stationary(self._asked(), b)

    def noise_bound(self) -> NoiseBound:
        """The least M for each M_V in var(g | w) <= M + M_V ||grad L(w)||^2 for all w."""
        from sgdmoments.routes.noise_bound import noise_bound

        return noise_bound(self._asked())
