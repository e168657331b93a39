"""What every description shares: nothing can be assigned, equality and hash by value, a repr that rebuilds.

A description (a law, a model, a schedule, a run) is sealed when its constructor returns: from then on assignment
is an error, arrays are read-only copies, lists are tuples and dicts are read-only. So an answer that is kept with
a description can never be stale, and

    eval(repr(x)) == x,    pickle.loads(pickle.dumps(x)) == x,    x == y  implies  hash(x) == hash(y).

A class of a user's own gets all of this from its attributes. Where one of them cannot be compared by value (an
object that may change), the description is compared by identity, and nothing is kept between questions.
"""

from __future__ import annotations

import inspect
from abc import ABCMeta
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Self, TypeVar

import sympy

from sgdmoments.describe import saving
from sgdmoments.describe.values import expressions, freeze, is_value, key, show
from sgdmoments.errors import FrozenError, InputError
from sgdmoments.exact.numbers import free_symbols

T = TypeVar("T", bound=type)

#: Names that a subclass may define without changing what an object means.
_FREE = frozenset({"_abc_impl", "_summary", "working"})
_MEANT = frozenset({"__getattribute__", "__getattr__", "__setattr__"})


class _Sealed(ABCMeta):
    """Makes an instance and seals it."""

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        made = super().__call__(*arguments, **named)
        made._seal()
        return made

    @property
    def __signature__(cls) -> inspect.Signature:
        """That of the constructor, for `help` and for `repr`."""
        if cls.__init__ is object.__init__:  # type: ignore[misc]
            return inspect.Signature()
        signature = inspect.signature(cls.__init__)  # type: ignore[misc]
        return signature.replace(parameters=list(signature.parameters.values())[1:])


class Description(metaclass=_Sealed):
    """A frozen value, described by its attributes.

    Attributes:
        working: names of attributes that are no part of the value (what is kept between questions).
    """

    __slots__ = ("__weakref__", "_by_value", "_expressions", "_hash", "_sealed")
    working: ClassVar[frozenset[str]] = frozenset({"_by_value", "_expressions", "_hash", "_sealed"})
    _by_value: bool
    _expressions: tuple[sympy.Basic, ...]
    _hash: int
    _sealed: bool

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        saving.register(cls)
        for base in cls.__mro__[1:]:
            changed = changes(cls, base) if base in _FINAL else []
            if changed:
                raise InputError(f"{cls.__name__}: {base.__name__} is answered by its formulas, so a subclass cannot "
                                 f"change {', '.join(changed)}; derive from {base.__mro__[1].__name__} instead.")

    def _state(self) -> dict[str, Any]:
        """Every attribute that is part of the value."""
        return {name: getattr(self, name) for name in _names(self) if name not in self.working}

    def _seal(self) -> None:
        for name, value in self._state().items():
            object.__setattr__(self, name, freeze(value))
        object.__setattr__(self, "_sealed", True)

    def __setattr__(self, name: str, value: Any) -> None:
        if getattr(self, "_sealed", False):
            raise FrozenError(f"{type(self).__name__} is frozen, so that no answer can be stale: {name!r} cannot be "
                              "assigned; make another object (of a run: sgd.replace(...)).")
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        if getattr(self, "_sealed", False):
            raise FrozenError(f"{type(self).__name__} is frozen, so that no answer can be stale: {name!r} cannot be "
                              "deleted.")
        object.__delattr__(self, name)

    @property
    def by_value(self) -> bool:
        """Whether equality is by value; else (an attribute is an object that may change) it is identity."""
        if not hasattr(self, "_by_value"):
            object.__setattr__(self, "_by_value", all(map(is_value, self._state().values())))
        return self._by_value

    @property
    def expressions(self) -> tuple[sympy.Basic, ...]:
        """Every sympy expression in the description."""
        if not hasattr(self, "_expressions"):
            object.__setattr__(self, "_expressions", tuple(expressions(list(self._state().values()))))
        return self._expressions

    @property
    def free_symbols(self) -> frozenset[sympy.Symbol]:
        """Every sympy symbol in the description."""
        return free_symbols(*self.expressions)

    def _key(self) -> Any:
        return type(self), frozenset((name, key(value)) for name, value in self._state().items())

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other) or not isinstance(other, Description) or hash(self) != hash(other):
            return False
        return self.by_value and other.by_value and bool(self._key() == other._key())

    def __hash__(self) -> int:
        if not hasattr(self, "_hash"):
            object.__setattr__(self, "_hash", hash(self._key()) if self.by_value else id(self))
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self._state())

    def to_json(self) -> str:
        """A JSON text from which `from_json` rebuilds an equal object: exact numbers, symbols with assumptions.

        Raises `InputError` for what has no text: a callable learning rate, a class that is not at the top of a module.
        """
        return saving.write(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The object that `to_json` wrote; `InputError` where the text is none of this class. Nothing is executed."""
        found = saving.read(text)
        if not isinstance(found, cls):
            raise InputError(f"{cls.__name__}.from_json: found a {type(found).__name__}.")
        return found

    def _saved(self) -> dict[str, dict[str, Any]]:
        """What is written: the arguments of the constructor, or of a user's own class the attributes."""
        arguments = None if saving.is_own(type(self)) else self._arguments()
        if arguments is None:
            return {"state": self._state()}
        return {"arguments": {name: getattr(self, name) if isinstance(value, Code) else value
                              for name, value in arguments.items()}}

    @classmethod
    def _restored(cls, state: dict[str, Any]) -> Self:
        made = cls.__new__(cls)
        for name, value in state.items():
            object.__setattr__(made, name, value)
        made._seal()
        return made

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def _changed(self, **attributes: Any) -> Self:
        """The same object but for some attributes."""
        made = object.__new__(type(self))
        for name in _names(self):
            if name not in Description.working:
                object.__setattr__(made, name, attributes.get(name, getattr(self, name)))
        made._seal()
        return made

    def _arguments(self) -> dict[str, Any] | None:
        """The arguments of the constructor that rebuild this object; None where they are not among its attributes."""
        names = inspect.signature(type(self)).parameters
        return {name: getattr(self, name) for name in names} if all(hasattr(self, name) for name in names) else None

    def _summary(self) -> str:
        """What stands in the brackets of a repr that cannot rebuild, or would be too long."""
        return ", ".join(f"{name}={show(value, 20)}" for name, value in self._state().items())

    def _shown(self, most: int) -> str:
        arguments = self._arguments()
        parameters = dict(inspect.signature(type(self)).parameters)
        for name in [name for name, p in parameters.items() if p.kind is inspect.Parameter.VAR_KEYWORD]:
            del parameters[name]  # in its place what is given under names of the user's
            further = [given for given in arguments or () if given not in parameters]
            parameters |= {given: inspect.Parameter(given, inspect.Parameter.KEYWORD_ONLY) for given in further}
        if arguments is None or not arguments.keys() >= parameters.keys():
            return f"{type(self).__name__}(<{self._summary()}>)"
        parts: list[str] = []
        named = False
        for name in parameters:
            value = arguments[name]
            text = value if isinstance(value, Code) else show(value, most)
            if text is None:
                return f"{type(self).__name__}(<{self._summary()}>)"
            usual = parameters[name].default
            optional = usual is not inspect.Parameter.empty
            if optional and text == show(usual):
                named = True
                continue
            named = named or parameters[name].kind is inspect.Parameter.KEYWORD_ONLY or (optional and bool(parts))
            parts.append(f"{name}={text}" if named else text)
        return f"{type(self).__name__}({', '.join(parts)})"

    def __repr__(self) -> str:
        return self._shown(1000)

    def __str__(self) -> str:
        return self._shown(20).replace("(<", "(").replace(">)", ")")


class default:
    """A property that a subclass or an instance may replace by an attribute."""

    def __init__(self, compute: Callable[[Any], Any]) -> None:
        self.compute, self.__doc__ = compute, compute.__doc__

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else self.compute(instance)


_FINAL: set[type] = set()


def final(cls: T) -> T:
    """Marks a class whose meaning the package's formulas rely on: subclasses that change it are refused."""
    _FINAL.add(cls)
    return cls


def changes(cls: type, base: type) -> list[str]:
    """The names that a class gives another meaning than its base class does."""
    if cls is base:
        return []
    missing = object()
    return [name for name in dir(base)
            if name not in _FREE and (name in _MEANT or not name.startswith("__"))
            and inspect.getattr_static(cls, name, missing) is not inspect.getattr_static(base, name)]


def is_plainly(thing: object, base: type) -> bool:
    """Whether an object is an instance of a class that changes nothing of what `base` says, and shadows nothing."""
    return isinstance(thing, base) and not changes(type(thing), base) and not any(
        callable(getattr(base, name, None)) for name in getattr(thing, "__dict__", ()))


def sealed(cls: T) -> T:
    """Makes assignment to a frozen dataclass raise the package's own error."""
    def refuse(self: Any, name: str, value: Any = None) -> None:
        raise FrozenError(f"{type(self).__name__} is frozen: {name!r} cannot be changed; make another object.")

    saving.register(cls)
    cls.__setattr__ = refuse  # type: ignore[method-assign]
    cls.__delattr__ = refuse  # type: ignore[method-assign,assignment]
    return cls


class Code(str):
    """Text that stands in a repr as it is."""

    __slots__ = ()


def _names(thing: Description) -> Iterator[str]:
    """The names of the attributes that are set: slots, then the others."""
    seen = set()
    for cls in reversed(type(thing).__mro__):
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in seen and name not in ("__weakref__", "__dict__") and hasattr(thing, name):
                seen.add(name)
                yield name
    yield from getattr(thing, "__dict__", ())


def _rebuilt(cls: type[Description], state: dict[str, Any]) -> Description:
    return cls._restored(state)
