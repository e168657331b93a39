"""Every public callable as a door, found by introspection: functions, classes, methods of what they give, operators."""

import inspect
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from types import ModuleType
from typing import Any

import sgdmoments as sm
import sgdmoments.data
import sgdmoments.simulate
import sgdmoments.testing
from examples import ARGUMENTS, IN_JAX, OBJECTS, Make

#: The laws; their methods are public, since a user's own law is asked the same questions.
LAWS = ("GaussianInit", "IndependentInit", "RandomInit", "Gaussian", "Rademacher", "Uniform", "Coordinates",
        "Empirical", "OwnLaw")
#: Methods without an underscore that other modules of the package call, with what the package computed.
INTERNAL = {
    "SGD.asked", "MatrixExpression.like",
    *(f"{kind}.{name}" for kind in ("LinearRegression", "Network", "MomentRegression") for name in (
        "predict", "label", "loss", "direction", "residual", "places")),  # run by the package, on its own arrays
    "Empirical.moments_beside", "Empirical.part",
    "Derivation.node", "Derivation.begin", "Derivation.connect", "Derivation.expand",
    *(f"{kind}.{name}" for kind in ("Stability", "HigherStability") for name in ("is_stable_at", "threshold_at")),
    "NoiseBound.at_numbers", "NoiseBound.substituted", "ClosedForm.v_of", "GraphRecurrence.system",
    *(f"Expression.{name}" for name in ("from_raw", "constant", "from_edges", "in_ring", "meet", "with_known",
                                        "substitute", "coefficients", "coefficient", "terms", "from_json", "from_graph",
                                        "compact", "simplest", "inverse", "graph")),
    # asked by `SGD` alone: the same law with another word in its errors, and whether it fits an array of weights
    *(f"{kind}.{name}" for kind in LAWS for name in ("named", "why_not")),
}
#: Options that a signature does not show.
_ANSWER = ("learning_rate_order", "inverse_batch_order", "arithmetic", "budget", "progress", "executor")
OPTIONS: dict[str, tuple[str, ...]] = {
    "Empirical": ("x", "label"), "Product": ("x", "noise"), "SGD.variance": _ANSWER,
    "SGD.second_moment": (*_ANSWER, "given"), "SGD.mean": (*_ANSWER, "given"),
    "SGD.expectation": ("budget", "progress"), "SGD.derivation": ("theorem", "budget", "progress",
                                                                  "learning_rate_order"),
    "SGD.trajectory": ("given", "tolerance", "budget", "progress"), "SGD.closed_form": ("given", "budget"),
    "SGD.recurrence": ("budget",), "SGD.covariance": ("given", *_ANSWER), "SGD.noise_scale": _ANSWER,
    "SGD.diversity": _ANSWER,
    "SGD.replace": ("model", "learning_rate", "initial", "sampling", "momentum", "nesterov", "dampening",
                    "weight_decay", "update"),
    "check": ("estimator", "given", "paired", "antithetic", "memory", "devices", "x64", "mean_limit"),
    "Expression.evaluate": ("partial",), "MatrixExpression.evaluate": ("partial",),
    "BatchPolynomial.plot": ("ax", "label", "labels"), "Trajectory.plot": ("ax",), "GraphThreshold.at": ("p",),
}
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow,
    "@": operator.matmul, "==": operator.eq,
}
_WITH_OPERATORS = ("BatchPolynomial", "answer in letters", "Expression", "MatrixExpression", "vector")


@dataclass(frozen=True)
class Door:
    """One public callable.

    Attributes:
        name: as tests show it.
        key: the class and method, by which examples and exemptions are found.
        call: takes the arguments by name.
        parameters: the names that it takes, options included.
        required: right arguments for those that must be given.
        variadic: the parameter that takes any number of positions, if any.
        takes_options: whether unknown keywords reach the package, which then answers in its own words.
        in_jax: whether it may compile.
    """

    name: str
    key: str
    call: Callable[..., Any]
    parameters: tuple[str, ...]
    required: tuple[str, ...]
    variadic: str | None = None
    takes_options: bool = False
    in_jax: bool = False
    is_operator: bool = False

    def with_argument(self, parameter: str, value: Any) -> Callable[[], Any]:
        """The call with right arguments, but for one."""
        given = {name: example(self.key, name) for name in self.required if name != parameter}
        if parameter == self.variadic:
            return lambda: self.call(value)
        if self.variadic in given:
            first = given.pop(self.variadic)
            return lambda: self.call(first, **{**given, parameter: value})
        return lambda: self.call(**{**given, parameter: value})


def example(key: str, name: str) -> Any:
    """A right argument for a parameter."""
    value = ARGUMENTS.get(f"{key}.{name}", ARGUMENTS.get(f"{key.rpartition('.')[2]}.{name}", ARGUMENTS.get(name)))
    if f"{key}.{name}" not in ARGUMENTS and name not in ARGUMENTS:
        raise LookupError(f"{key}: no example for the parameter {name}; add one to ARGUMENTS")
    return value.make() if isinstance(value, Make) else value


def public_names() -> Iterator[tuple[str, Any]]:
    """The names that the package's modules list, errors and modules apart."""
    for module in (sm, sgdmoments.testing, sgdmoments.data):
        for name in module.__all__:
            value = getattr(module, name)
            error = isinstance(value, type) and issubclass(value, (BaseException, Warning))
            if callable(value) and not error:
                yield name, value


@cache
def thing(name: str) -> Any:
    """The object of this name."""
    return {**OBJECTS, **IN_JAX}[name]()


def methods(value: Any) -> Iterator[tuple[str, Any]]:
    """The public methods of an object, its call and its class's makers included."""
    for name in dir(type(value)):
        found = inspect.getattr_static(type(value), name)
        shown = name == "__call__" or not name.startswith("_")
        if shown and (inspect.isfunction(found) or isinstance(found, (classmethod, staticmethod))):
            yield name, getattr(value, name)


@cache
def doors() -> tuple[Door, ...]:
    """All of them: of several objects of one class each has its own."""
    needs_jax = {"check", "first_coefficient", "simulate_loss", "simulate"}
    found = []
    for name, value in public_names():
        target = sgdmoments.simulate.estimate.simulate if name == "simulate" else value
        if not inspect.isabstract(target):
            found.append(_door(name, name, target, in_jax=name in needs_jax))
    for label in (*OBJECTS, *IN_JAX):
        kind = type(thing(label)).__name__ if label in OBJECTS else label
        value = thing(label) if label in OBJECTS else None
        if value is None:
            continue
        for name, method in methods(value):
            if inspect.ismethod(method) and isinstance(method.__self__, type) and label != kind:
                continue  # of a class: tried on one object
            if f"{kind}.{name}" not in INTERNAL and not _inherited_internal(value, name):
                found.append(_door(f"{label}.{name}", f"{kind}.{name}", method))
    return (*found, *_operators())


def jax_doors() -> tuple[Door, ...]:
    """The methods of what a simulation gives."""
    return tuple(_door(f"{label}.{name}", f"{label}.{name}", method, in_jax=True)
                 for label in IN_JAX for name, method in methods(thing(label)))


def _inherited_internal(value: Any, name: str) -> bool:
    return any(f"{cls.__name__}.{name}" in INTERNAL for cls in type(value).__mro__)


def _door(name: str, key: str, function: Any, in_jax: bool = False) -> Door:
    parameters = inspect.signature(function).parameters.values()
    options = OPTIONS.get(key, ())
    named = tuple(p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))
    variadic = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
    takes_options = any(p.kind is p.VAR_KEYWORD for p in parameters)
    if takes_options and not options:
        raise LookupError(f"{key}: its options are not listed in OPTIONS")
    required = tuple(p.name for p in parameters if p.name in named and p.default is p.empty)
    extra = (variadic,) if variadic else ()
    return Door(name, key, function, (*named, *extra, *options), (*required, *extra), variadic, takes_options, in_jax)


def _operators() -> Iterator[Door]:
    for label in _WITH_OPERATORS:
        for sign, function in OPERATORS.items():
            if not hasattr(type(thing(label)), f"__{function.__name__.rstrip('_')}__"):
                continue  # an operator that the class does not have is refused by Python
            for place in ("left", "right"):
                yield Door(f"{label} {sign} its {place}", f"{label}.{sign}", partial(_operate, function, label, place),
                           ("other",), ("other",), is_operator=True)


def _operate(function: Callable[[Any, Any], Any], label: str, place: str, other: Any) -> Any:
    return function(other, thing(label)) if place == "left" else function(thing(label), other)


assert isinstance(sm, ModuleType)
