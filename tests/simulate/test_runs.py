"""Runs that are stopped, saved, continued, merged; and standard errors that say what repeated seeds do."""

import numpy as np
import pytest

import sgdmoments as sm
from sgdmoments.simulate.estimate import simulate
from sgdmoments.simulate.result import Simulation

SGD = sm.SGD(sm.LinearRegression([[1, 2], [0, 1], [3, -1], [1, 1], [2, -2]], [1, 0, 2, -1, 3]), ["1/10", "1/7"],
             [1, -1])
ASK = {"quantities": [sm.gradient, sm.loss, np.eye(2) @ sm.gradient(1)], "steps": 1, "batch_sizes": [1, 3]}


def same(a, b):
    for q in (sm.gradient, sm.loss):
        np.testing.assert_allclose(a.variance(q).value, b.variance(q).value, rtol=1e-12)
        np.testing.assert_allclose(a.variance(q).standard_error, b.variance(q).standard_error, rtol=1e-12)
        np.testing.assert_allclose(a.variance(q).kurtosis, b.variance(q).kurtosis, rtol=1e-10)


def test_saved_and_continued(tmp_path):
    whole = simulate(SGD, **ASK, samples=9000)
    part = simulate(SGD, **ASK, samples=1500)
    part.save(tmp_path / "run.npz")
    loaded = Simulation.load(tmp_path / "run.npz")
    same(part, loaded)
    assert loaded.quantities == part.quantities
    assert str(loaded) == str(part)
    same(whole, simulate(SGD, **ASK, samples=9000, resume=tmp_path / "run.npz"))
    same(whole, simulate(SGD, **ASK, samples=9000, resume=part))
    assert simulate(SGD, **ASK, samples=1000, resume=whole).samples == whole.samples


def test_another_run_is_not_continued():
    part = simulate(SGD, **ASK, samples=500)
    for change in ({"seed": 1}, {"batch_sizes": [1, 2]}, {"estimator": "conditional"}, {"steps": 2}):
        with pytest.raises(sm.InputError, match="resume"):
            simulate(SGD, **{**ASK, **change}, samples=1000, resume=part)
    other = sm.SGD(SGD.model, ["1/10", "1/7"], [1, -2])
    with pytest.raises(sm.InputError, match="fingerprint"):
        simulate(other, **ASK, samples=1000, resume=part)


def test_laws_of_initial_weights_are_told_apart():
    """Compiled programs are kept from call to call; another law must not meet the old one's program."""
    exact, values = [], []
    for mean, variance in (([1, -1], 1), ([1, -2], 1), ([1, -2], 4)):
        sgd = sm.SGD(SGD.model, ["1/10", "1/7"], sm.GaussianInit(variance, mean))
        exact.append(float(sgd.variance(sm.gradient(0))(2)))
        values.append(simulate(sgd, sm.gradient(0), None, [2], 20_000).variance(sm.gradient(0)).z([exact[-1]])[0])
    assert len(set(exact)) == 3
    assert np.abs(values).max() < 4


def test_stopped_by_progress_or_keyboard():
    seen = []

    def stop(progress):
        seen.append(progress)
        return len(seen) < 2

    run = simulate(SGD, **ASK, samples=50_000, progress=stop)
    assert run.interrupted
    assert run.samples == seen[-1].done < 50_000
    assert seen[0].seconds_left > 0
    assert seen[0].result.throughput.steps_per_second > 0
    finished = simulate(SGD, **ASK, samples=12_000, resume=run)
    same(finished, simulate(SGD, **ASK, samples=12_000))

    def interrupt(progress):
        raise KeyboardInterrupt

    assert simulate(SGD, **ASK, samples=50_000, progress=interrupt).interrupted


def test_merging_runs_of_different_seeds():
    a, b = (simulate(SGD, **ASK, samples=3200, seed=seed) for seed in (1, 2))
    both = a.merge(b)
    assert both.samples == 6400
    np.testing.assert_allclose(both.variance(sm.gradient).value,
                               (a.variance(sm.gradient).value + b.variance(sm.gradient).value) / 2, rtol=1e-12)
    with pytest.raises(sm.InputError, match="independent"):
        a.merge(a)


def test_runs_that_share_draws_are_not_merged(tmp_path):
    a, b, c = (simulate(SGD, **ASK, samples=320, seed=seed) for seed in (1, 2, 3))
    longer = simulate(SGD, **ASK, samples=640, seed=1)
    merged = a.merge(b)
    merged.save(tmp_path / "merged.npz")
    loaded = Simulation.load(tmp_path / "merged.npz")
    for one, other in ((merged, a), (a, merged), (merged, b), (loaded, a), (b, loaded), (merged, loaded),
                       (loaded.merge(c), a), (c.merge(loaded), c), (longer, a), (merged, longer), (b.merge(c), merged)):
        with pytest.raises(sm.InputError, match="independent"):
            one.merge(other)
    assert loaded.merge(c).samples == merged.merge(c).samples == 960
    np.testing.assert_allclose(loaded.merge(c).variance(sm.gradient).value,
                               c.merge(b).merge(a).variance(sm.gradient).value,
                               rtol=1e-12)
    with pytest.raises(sm.InputError, match="resume"):
        simulate(SGD, **ASK, samples=2000, seed=1, resume=merged)
    with pytest.raises(sm.InputError, match="expected a Simulation"):
        a.merge(3)


def test_damaged_and_foreign_files_are_refused(tmp_path):
    run = simulate(SGD, **ASK, samples=1500)
    path, other = tmp_path / "run.npz", tmp_path / "other.npz"
    run.save(path)
    whole = path.read_bytes()
    rng = np.random.default_rng(5)
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        other.write_bytes(whole[:length])
        with pytest.raises(sm.InputError):
            Simulation.load(other)
    for place in rng.integers(0, len(whole), size=300):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(rng.integers(8))
        other.write_bytes(flipped)
        try:
            loaded = Simulation.load(other)
        except sm.InputError:
            continue
        same(run, loaded)  # the flip was in a date or the like
    np.savez(other, a=np.zeros(3))
    for content in (other.read_bytes(), b"not an archive", b"PK\x03\x04", b"[1, 2]"):
        other.write_bytes(content)
        with pytest.raises(sm.InputError, match="not a whole file"):
            Simulation.load(other)
        with pytest.raises(sm.InputError, match="not a whole file"):
            simulate(SGD, **ASK, samples=2000, resume=other)
    for place in (tmp_path, tmp_path / "none.npz", "/dev/null", 3, None):
        with pytest.raises(sm.InputError):
            Simulation.load(place)


class Evil:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


def test_nothing_in_a_file_is_executed(tmp_path):
    run = simulate(SGD, **ASK, samples=64)
    run.save(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz") as file:
        parts = {name: file[name] for name in file}
    for name in ("meta", "moments.mean"):
        np.savez(tmp_path / "evil.npz", **{**parts, name: np.array([Evil()], dtype=object)})
        with pytest.raises(sm.InputError, match="not a whole file"):
            Simulation.load(tmp_path / "evil.npz")
    for name, part in (("moments.mean", parts["moments.mean"][:1]), ("moments.count", np.array(-1))):
        np.savez(tmp_path / "odd.npz", **{**parts, name: part})
        with pytest.raises(sm.InputError, match="not a whole file"):
            Simulation.load(tmp_path / "odd.npz")


def test_saving_replaces_whole_files_only(tmp_path):
    run = simulate(SGD, **ASK, samples=64)
    run.save(tmp_path / "run")
    assert Simulation.load(tmp_path / "run").samples == 64
    for place in (tmp_path, "/dev/null", tmp_path / "no" / "run.npz", None):
        with pytest.raises(sm.InputError):
            run.save(place)
    assert [file.name for file in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("options", [{}, {"estimator": "conditional"}, {"antithetic": True}], ids=str)
def test_standard_errors_are_what_repeated_seeds_show(options):
    """Over 60 seeds, the spread of estimates equals their stated error, and z is standard."""
    exact = np.array([[float(sgd_variance(b, t)) for b in (1, 3)] for t in (0, 1)])
    runs = [simulate(SGD, sm.gradient, 1, [1, 3], 1600, seed=seed, **options).variance(sm.gradient)
            for seed in range(60)]
    values = np.array([run.value for run in runs])
    stated = np.sqrt(np.mean([run.standard_error**2 for run in runs], axis=0))
    z = np.array([run.z(exact) for run in runs])[:, 1]
    assert (np.abs(values.std(axis=0, ddof=1)[1] / stated[1] - 1) < 0.3).all()
    assert np.abs(z.mean()) < 0.35
    assert 0.8 < z.std() < 1.25


def sgd_variance(b, t):
    from sgdmoments.testing.enumerate import enumerate_moment

    return enumerate_moment(SGD, sm.gradient(t), b)


def test_unknown_questions():
    run = simulate(SGD, **ASK, samples=64)
    with pytest.raises(sm.InputError, match="recorded"):
        run.variance(sm.weights)
    with pytest.raises(sm.InputError, match="step"):
        run.variance(sm.gradient(4))
    with pytest.raises(sm.InputError, match="mean_limit"):
        simulate(SGD, sm.gradient, 1, [1], 64, mean_limit=1).mean(sm.gradient)
