"""The symbolic route against closed forms, an exact scalar calculation, and listing."""

from fractions import Fraction

import pytest
import sympy

import sgdmoments as sm
from sgdmoments.budget import Monitor
from sgdmoments.exact.ring import INVERSE_BATCH, Ring
from sgdmoments.graphs.derived import expand_derived, relabelled
from sgdmoments.graphs.expression import Expression
from sgdmoments.graphs.join import inner_product
from sgdmoments.graphs.labels import Label
from sgdmoments.graphs.query import kron, trace
from sgdmoments.graphs.query import squared_norm as norm
from sgdmoments.graphs.run_letters import gradient_matrix, teacher_matrix, weights_matrix
from sgdmoments.routes.symbolic.derivation import derivation
from sgdmoments.routes.symbolic.queries import expectation
from sgdmoments.routes.symbolic.setting import read_setting
from sgdmoments.rules.expectation import EntryLaw, Expectation
from sgdmoments.testing import enumerate_moment

WIDTHS = ("p", "p1", "p2")
ALPHA, T = sympy.Symbol("alpha"), sympy.Symbol("t")


def widths(*names):
    return tuple(sympy.Symbol(name, integer=True, positive=True) for name in names)


def value(polynomial):
    """A `BatchPolynomial` with graph coefficients as one expression."""
    u = Ring((INVERSE_BATCH,)).generator(INVERSE_BATCH)
    return sum((Expression() + c * u**k for k, c in enumerate(polynomial.entries)), Expression())


def test_first_gradient_of_the_two_layer_linear_network():
    """var(g_(0,1)) = (p+1)/b ‖W₂ᵀR‖² (reference for papers 000 and 001)."""
    sgd = sm.SGD(sm.Network(WIDTHS))
    (p,) = widths("p")
    w2 = weights_matrix(sgd, 0, 2)
    variance = sgd.variance(sm.gradient(0, layer=1), route="symbolic")
    (label,) = (label for label in variance.entries[1].labels if label.kind == "derived")
    from sgdmoments.graphs.matrices import letter

    r = letter(label)
    assert variance.entries[0] == 0
    assert variance.entries[1] == norm(w2.T @ r) * (p + 1)
    assert variance.degree == 1


@pytest.mark.parametrize(("t", "layer"), [(0, 1), (0, 2), (1, 1), (1, 2)])
def test_generic_degree_and_no_constant_term(t, layer):
    """Theorem 3.9 with the exact degree 3^(t+1) − t − 2."""
    variance = sm.SGD(sm.Network(WIDTHS)).variance(sm.gradient(t, layer=layer), route="symbolic")
    assert variance.degree == 3 ** (t + 1) - t - 2
    assert variance.entries[0] == 0


def scalar_variances(rate, noise_moments=(1, 0, 0, 0, 0)):
    """var(g_(1,1)), var(g_(1,2)) for p = p₁ = p₂ = 1 and x ~ N(0, 1), from the moments Π_j (1 + 2ju) of mean x²."""
    ring = Ring((INVERSE_BATCH, *sympy.symbols("w1 w2 v s0 s1 alpha")))
    u, w1, w2, v, s0, s1, alpha = (ring.generator(g) for g in ring.generators)

    def mean(f, s):
        total, weight = ring.zero, ring.one
        for k, c in enumerate(f.coefficients(s)):
            total = total + c * weight
            weight = weight * (1 + 2 * k * u)
        return total

    r = w2 * w1 - v
    new1, new2 = w1 - rate(alpha) * w2 * r * s0, w2 - rate(alpha) * r * w1 * s0
    variances = []
    for factor in (new2, new1):
        g = factor * (new2 * new1 - v) * s1
        e = [mean(mean(f, ring.generators[5]), ring.generators[4]) for f in (g * g, g)]
        variances.append(e[0] - e[1] * e[1])
    return variances


def test_scalar_network_at_step_one():
    for layer, expected in enumerate(scalar_variances(lambda a: a), 1):
        answer = value(sm.SGD(sm.Network(WIDTHS)).variance(sm.gradient(1, layer=layer), route="symbolic"))
        w1, w2, v = sympy.symbols("w1 w2 v")
        found = answer.substitute(dict.fromkeys(widths(*WIDTHS), 1))
        for number in (2, 5):
            at = {"W1": [[w1]], "W2": [[w2]], "W1*": [[v]], "W2*": [[1]], "alpha": ALPHA}
            size = {INVERSE_BATCH: Fraction(1, number)}
            assert found.substitute(size).evaluate(at) == expected.substitute(size)


def test_series_in_the_learning_rate_is_the_start_of_the_whole_polynomial():
    sgd = sm.SGD(sm.Network(WIDTHS))
    for layer in (1, 2):
        whole = value(sgd.variance(sm.gradient(1, layer=layer), route="symbolic"))
        series = value(sgd.variance(sm.gradient(1, layer=layer), route="symbolic", learning_rate_order=3))
        letter = value(sgd.variance(sm.gradient(T, layer=layer), route="symbolic", learning_rate_order=3))
        assert letter.substitute({T: 1}) == series
        for k in range(4):
            assert series.coefficients(ALPHA)[k] == whole.coefficients(ALPHA)[k]
        assert len(series.coefficients(ALPHA)) == 4
        later = value(sgd.variance(sm.gradient(4, layer=layer), route="symbolic", learning_rate_order=3))
        assert letter.substitute({T: 4}) == later


def test_varying_rates_and_listed_rates():
    a0, a1 = sympy.symbols("a0 a1")
    sgd = sm.SGD(sm.Network(("p", "p1", "p2")), learning_rate=[a0, a1])
    numbers = sm.SGD(sm.Network(("p", "p1", "p2")), learning_rate=["1/3", "1/5"])
    letters = value(sgd.mean(sm.loss(2), route="symbolic", learning_rate_order=2))
    assert letters.substitute({a0: Fraction(1, 3), a1: Fraction(1, 5)}) == \
        value(numbers.mean(sm.loss(2), route="symbolic", learning_rate_order=2))
    third = value(sgd.mean(sm.loss(2), route="symbolic", learning_rate_order=3))
    assert third != third.substitute({a0: Ring((a1,)).generator(a1), a1: Ring((a0,)).generator(a0)})


def test_order_in_one_over_b():
    sgd = sm.SGD(sm.Network(WIDTHS))
    whole = sgd.variance(sm.gradient(1, layer=1), route="symbolic")
    first = sgd.variance(sm.gradient(1, layer=1), route="symbolic", inverse_batch_order=2)
    assert first.truncated == 2
    assert first.entries == whole.entries[:3]


def test_the_derivation_adds_up_to_the_moment():
    sgd = sm.SGD(sm.Network(WIDTHS))
    answer = value(sgd.second_moment(sm.gradient(1, layer=2), route="symbolic"))
    for detail in (False, True):
        dag = derivation(sgd, sm.gradient(1, layer=2), detail=detail)
        total = Expression()
        for node, c in dag.coefficients().items():
            total += Expression({dag.graph.nodes[node]["term"].monomial: c})
        assert total == answer
        assert set(dag.counts()) == {0, 1}


def test_queries_share_the_batch_with_the_update():
    """W(1) − W(0) = −α g(0): the same batch on both sides."""
    sgd = sm.SGD(sm.Network(WIDTHS))
    moved = weights_matrix(sgd, 1, 1) - weights_matrix(sgd, 0, 1)
    g = gradient_matrix(sgd, 0, 1)
    alpha = Ring((ALPHA,)).generator(ALPHA)
    assert value(expectation(sgd, norm(moved))) == value(expectation(sgd, norm(g))) * alpha**2
    assert value(expectation(sgd, trace(moved @ g.T))) == value(expectation(sgd, norm(g))) * -alpha


def test_queries_of_several_gradients():
    """Theorem 3.6: a product of traces with Kronecker factors and weights of two steps."""
    sgd = sm.SGD(sm.Network(WIDTHS))
    g1, g2 = gradient_matrix(sgd, 0, 1), gradient_matrix(sgd, 0, 2)
    teacher = teacher_matrix(sgd, 1)
    query = trace(g1 @ teacher.T) * trace(kron(g2, weights_matrix(sgd, 1, 2)).T @ kron(g2, weights_matrix(sgd, 0, 2)))
    answer = expectation(sgd, query)
    values = {"W1": [[1]], "W2": [[2]], "W1*": [[1]], "W2*": [[1]], "alpha": "1/10"}
    # p = p₁ = p₂ = 1, b = 1, r = 1: g₁ = 2s, g₂ = s, W₂(1) = 2 − s/10, with s = x²
    moments = {2: 3, 3: 15, 4: 105}
    expected = 2 * 2 * (2 * moments[3] - Fraction(1, 10) * moments[4])
    assert answer.evaluate({**values, "p": 1, "p1": 1, "p2": 1})(1) == expected


W1, W2, V1, V2 = [[1, -1], [2, 0], [0, 1]], [[1, 3, 0], [1, 1, -1]], [[0, 1], [1, 1], [2, 1]], [[2, -1, 1], [0, 1, 0]]


@pytest.mark.parametrize("sampling", ["with_replacement", "without_replacement"])
@pytest.mark.parametrize("activation", [(0, 1), (1, "1/2", 1)])
def test_finite_data_by_listing(sampling, activation):
    data = sm.Empirical([[1, 2], [0, "1/2"], [-1, 3]])
    net = sm.Network((2, 3, 2), activation=activation, data=data, targets=[[1, 2], [3, 1], [0, -1]])
    sgd = sm.SGD(net, "1/7", {"W1": W1, "W2": W2}, sampling)
    for layer in (1, 2):
        for quantity in (sm.gradient(0, layer=layer), sm.weights(1, layer=layer), sm.loss(0)):
            answer = sgd.variance(quantity, route="symbolic")
            for b in (1, 2, 3):
                assert answer(b) == enumerate_moment(sgd, quantity, b)


def test_three_layers_with_squares_on_listed_data():
    net = sm.Network((1, 2, 1, 2), activation=(0, 0, 1), data=sm.Empirical([[1], ["1/2"], [-2]]))
    sgd = sm.SGD(net, "1/7", {"W1": [[1], [2]], "W2": [[1, -1]], "W3": [[2], [1]],
                              "W1*": [[0], [1]], "W2*": [[1, 1]], "W3*": [[1], [-1]]})
    for layer in (1, 2, 3):
        answer = sgd.variance(sm.gradient(0, layer=layer), route="symbolic")
        for b in (1, 2):
            assert answer(b) == enumerate_moment(sgd, sm.gradient(0, layer=layer), b)


def initial(depth, law):
    return {f"W{k}{star}": law for k in range(1, depth + 1) for star in ("", "*")}


def test_random_weights_and_teacher_give_polynomials_in_the_widths():
    """Paper 002, Theorems 6, 8 and 9: E‖∇f_i‖² and E⟨∇f_i, ∇f_j⟩ (with f = (Wx − W*x)²/2 the same gradient)."""
    d, k, k1, k2 = sympy.symbols("d K K1 K2", integer=True, positive=True)
    for dims, product, squares, cross in (
        ((d, k), k * (k + 2), k**2, d * k * (4 * k + d + 3)),
        ((d, k1, k2), k1 * (k1 + 2) * k2 * (k2 + 2), (k1 * k2) ** 2, d * k1 * k2 * (
            d * k1 + 2 * d * k2 + 3 * d + 6 * k1 * k2 + 5 * k1 + 4 * k2 + 9)),
    ):
        depth = len(dims)
        sgd = sm.SGD(sm.Network((*dims, 1)), initial=initial(depth, sm.GaussianInit(variance=1)))
        second = sgd.second_moment(sm.gradient(0), route="symbolic").to_sympy()
        b = sgd.second_moment(sm.gradient(0), route="symbolic").batch_size
        n = depth * d * (d + 2) * (product + squares)
        assert sympy.expand(second - (cross + (n - cross) / b)) == 0


def test_law_of_total_variance():
    sgd = sm.SGD(sm.Network(("p", "p1", 2)), initial=initial(2, sm.GaussianInit(variance=1)))
    for layer in (1, 2):
        q = sm.gradient(0, layer=layer)
        total = sgd.variance(q, route="symbolic", given="nothing")
        within = sgd.variance(q, route="symbolic", given="initial")
        mean = sgd.second_moment(sm.full_gradient(0, layer=layer), route="symbolic")
        assert (total - within).to_sympy().equals(mean.to_sympy())  # E g = 0, so var(E[g given W_0]) = E‖∇L‖²
        assert total.entries[0] != 0
        assert within.entries[0] == 0


def test_letters_of_the_user_called_like_ours():
    e, i = sympy.symbols("e I", integer=True, positive=True)
    sgd = sm.SGD(sm.Network((e, i, "pi")), learning_rate=sympy.Symbol("u"))
    plain = sm.SGD(sm.Network(WIDTHS))
    left = value(sgd.variance(sm.gradient(1, layer=1), route="symbolic"))
    right = value(plain.variance(sm.gradient(1, layer=1), route="symbolic"))
    assert (len(left), left.size) == (len(right), right.size)


def test_depth_one_with_noise_is_least_squares():
    """E‖g_0‖² for R = W₁ − W₁*: ‖R‖² (1 + (p+1)u) + u σ² p p₁."""
    p, p1 = widths("p", "p1")
    sgd = sm.SGD(sm.Network(("p", "p1"), noise=sm.Gaussian()))
    answer = sgd.second_moment(sm.gradient(0), route="symbolic")
    (r,) = (label for label in answer.entries[0].labels)
    norm_r = Expression.from_edges([(r, 0, 1), (r, 0, 1)])
    assert answer.entries[0] == norm_r
    assert answer.entries[1] == norm_r * (p + 1) + p * p1


def test_refusals_name_what_to_try():
    sgd = sm.SGD(sm.Network(WIDTHS))
    with pytest.raises(sm.InputError, match="learning_rate_order"):
        sgd.variance(sm.gradient(T), route="symbolic")
    with pytest.raises(sm.InputError, match="3, but the model has 2 layers"):
        sgd.variance(sm.gradient(0, layer=3), route="symbolic")
    with pytest.raises(sm.InputError, match="another name"):
        sm.SGD(sm.Network(("p", "p", "p"), data=sm.Gaussian("W1"))).variance(sm.gradient(0), route="symbolic")
    assert Label("Sigma", (2, 2), symmetric=True).T is Label("Sigma", (2, 2), symmetric=True)


def test_what_is_too_large_is_refused_before_it_starts():
    sgd = sm.SGD(sm.Network(WIDTHS))
    with pytest.raises(sm.BudgetExceeded, match="Nearest") as error:
        sgd.variance(sm.gradient(2, layer=1), route="symbolic")
    assert error.value.estimate["terms"] > 10**9
    assert "learning_rate_order=" in error.value.nearest
    with pytest.raises(sm.BudgetExceeded, match="terms"):
        sgd.variance(sm.gradient(1, layer=1), route="symbolic", budget=sm.Budget(terms=100))


def test_progress_can_stop_the_work():
    sgd = sm.SGD(sm.Network(WIDTHS))
    with pytest.raises(sm.Stopped):
        sgd.variance(sm.gradient(1, layer=1), route="symbolic", progress=lambda report: False)


def test_stopped_work_is_resumed(tmp_path):
    """What is known of the steps serves later questions about the same network, and no other network."""
    file = tmp_path / "steps.json"
    sgd = sm.SGD(sm.Network(WIDTHS))
    plain = sgd.variance(sm.gradient(1, layer=1), route="symbolic")
    calls = iter(range(10**6))
    with pytest.raises(sm.Stopped):
        sgd.variance(sm.gradient(1, layer=1), route="symbolic", resume=file, progress=lambda report: next(calls) < 5)
    assert file.exists()
    assert sgd.variance(sm.gradient(1, layer=1), route="symbolic", resume=file) == plain
    again = sgd.variance(sm.gradient(1, layer=1), route="symbolic", resume=file)
    assert again == plain
    assert dict(again.provenance.sizes)["memo"] < 100 < dict(plain.provenance.sizes)["memo"]
    later = sm.SGD(sm.Network(WIDTHS), learning_rate=["1/3", "1/5"])
    with_file = later.variance(sm.gradient(2, layer=1), route="symbolic", learning_rate_order=2, resume=file)
    assert with_file == later.variance(sm.gradient(2, layer=1), route="symbolic", learning_rate_order=2)
    with pytest.raises(sm.InputError, match="another network"):
        sm.SGD(sm.Network(("p", "p1", 2))).variance(sm.gradient(1, layer=1), route="symbolic", resume=file)


@pytest.mark.parametrize(("samples", "scalar"), [(1, 1440 * 105), (2, 1440 * 9)])
def test_squared_products_of_gradients_over_weights_and_data(samples, scalar):
    """E⟨∇f_i, ∇f_j⟩²: at d = K = 1, E (w₁w₂ − v₁v₂)⁴ (w₁² + w₂²)² = 1440 times E x⁸ or (E x⁴)²."""
    sgd = sm.SGD(sm.Network(("d", "K", 1)), initial=initial(2, sm.GaussianInit(variance=1)))
    setting = read_setting(sgd, (), (), None, Monitor())
    (x,) = setting.system.data
    other = x if samples == 1 else Label("x'", x.dimensions, "data")
    product = sum((inner_product(g, relabelled(g, {x: other})) for g in setting.system.gradients), Expression())
    mean = Expectation(dict.fromkeys((x, other), EntryLaw.gaussian()), setting.ring)
    answer = setting.initial(expand_derived(mean(product * product).substitute({INVERSE_BATCH: 1})))
    d, k = widths("d", "K")
    assert answer.substitute({d: 1, k: 1}) == scalar
    if samples == 1:
        known = 48 * k * d * (k + 2) * (d + 2) * (d + 4) * (d + 6) * (k**2 + 4 * k + 5)
        assert answer.to_sympy().equals(known)


@pytest.mark.parametrize("layer", [1, 2])
def test_general_moments_of_weights_and_data(layer):
    """Paper 002, Lemmas 2 to 5 as corrected: independent entries of any law, by their moments of order 2 and 4."""
    d, k = widths("d", "K")
    x2, x4, a2, a4, c2, c4, v2, v4, w2, w4 = sympy.symbols("x2 x4 a2 a4 c2 c4 v2 v4 w2 w4")
    law = {name: sm.IndependentInit(sm.Coordinates((0, second, 0, fourth)))
           for name, second, fourth in (("W1", a2, a4), ("W2", c2, c4), ("W1*", v2, v4), ("W2*", w2, w4))}
    sgd = sm.SGD(sm.Network(("d", "K", 1), data=sm.Coordinates((0, x2, 0, x4))), initial=law)
    answer = sgd.second_moment(sm.gradient(0, layer=layer), route="symbolic").to_sympy()
    b = sgd.second_moment(sm.gradient(0, layer=layer), route="symbolic").batch_size
    spread = (d - 1) * x2**2 + x4
    if layer == 1:
        own = k * d * spread * (a2 * ((k - 1) * c2**2 + c4) + k * w2 * v2 * c2)
        cross = k * d * x2**2 * (a2 * ((k - 1) * c2**2 + c4) + k * w2 * v2 * c2)
    else:
        own = k * (c2 * ((k - 1) * d * a2**2 * spread + d * a4 * x4 + 3 * d * (d - 1) * a2**2 * x2**2)
                   + k * w2 * v2 * a2 * d * spread)
        cross = k * (d * c2 * x2**2 * ((k - 1) * a2**2 + a4 + (d - 1) * a2**2) + k * d * w2 * v2 * a2 * x2**2)
    assert sympy.expand(answer - cross - (own - cross) / b) == 0


def test_what_is_known_of_one_order_in_1_over_b_does_not_serve_another(tmp_path):
    file = tmp_path / "steps.json"
    sgd = sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian()))
    first = sgd.variance(sm.gradient(1), route="symbolic", inverse_batch_order=1, resume=file)
    assert sgd.variance(sm.gradient(1), route="symbolic", inverse_batch_order=1, resume=file) == first
    for order in (None, 2):
        with pytest.raises(sm.InputError, match="order in 1/b"):
            sgd.variance(sm.gradient(1), route="symbolic", inverse_batch_order=order, resume=file)


def test_the_last_order_of_a_series_is_what_it_adds():
    """The part of order K in the learning rate is the series to order K less that to order K - 1."""
    sgd = sm.SGD(sm.Network(("p", 1), noise=sm.Gaussian()))
    for order in (1, 2, 3):
        longer, shorter = (sgd.variance(sm.gradient(2), learning_rate_order=k) for k in (order, order - 1))
        assert longer.last_order == (longer - shorter).entries


def test_checked_answers_are_the_same_and_say_what_was_checked():
    names = ("W1", "W1*")
    for sgd, lines in ((sm.SGD(sm.Network(("p", 1))), 3),
                       (sm.SGD(sm.Network(("p", 1)), initial=dict.fromkeys(names, sm.GaussianInit())), 4)):
        checked = sgd.second_moment(sm.gradient(1), route="symbolic", check=True)
        plain = sgd.second_moment(sm.gradient(1), route="symbolic")
        assert checked == plain
        assert (len(checked.provenance.checks), plain.provenance.checks) == (lines, ())
    query = trace(weights_matrix(sm.SGD(sm.Network(WIDTHS)), 1, 1).T @ teacher_matrix(sm.SGD(sm.Network(WIDTHS)), 1))
    assert expectation(sm.SGD(sm.Network(WIDTHS)), query).provenance.checks == ()


def test_a_matrix_of_the_users_called_like_the_error_matrix_is_given_by_its_name():
    """tr(R^T g) with g = (W - W*) x x^T on average: W - W* = (2, 3), R = (5, 7), E x x^T = 1."""
    sgd = sm.SGD(sm.Network((2, 1)))
    found = expectation(sgd, trace(sm.matrix("R", 1, 2).T @ gradient_matrix(sgd, 0, 1)))
    assert found.evaluate({"R": [[5, 7]], "W1": [[3, 3]], "W1*": [[1, 0]]})(1) == 10 + 21
