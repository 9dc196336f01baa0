"""The cluster bootstrap against analytic cases, plain statistics, and itself."""

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.analysis.bootstrap import Bootstrap, Draws

DRAWN = 2_000


def _numbers(count: int, rng: random.Random, *, mean: float = 3.0, deviation: float = 2.0) -> list[float]:
    return [rng.gauss(mean, deviation) for _ in range(count)]


def _mean(values: list[float | None], clusters: list[int] | None = None, *, resamples: int = DRAWN) -> Draws:
    rows = list(range(len(values)))
    return Bootstrap(clusters or rows, resamples=resamples).means(rows, [values])[0]


def test_a_normal_mean_has_its_analytic_interval(rng: random.Random) -> None:
    """Half the width is 1.96 standard errors, within 10 %, and the value is the mean."""
    values = _numbers(400, rng)
    found = _mean(list(values)).estimate()

    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert statistics.fmean(values) == pytest.approx(found.value)
    error = 1.96 * statistics.stdev(values) / 400**0.5
    assert error == pytest.approx((found.high - found.low) / 2, rel=0.1)
    assert found.low < found.value < found.high


def test_the_same_data_give_the_same_numbers(rng: random.Random) -> None:
    """The generator is seeded; another seed moves an interval by little."""
    values = _numbers(300, rng)
    rows = list(range(300))
    first, second = (_mean(list(values)).estimate() for _ in range(2))
    other = Bootstrap(rows, seed=1).means(rows, [values])[0].estimate()

    assert first == second
    assert first is not None
    assert other is not None
    assert first.low is not None
    assert other.low is not None
    assert first.low != other.low
    assert first.low == pytest.approx(other.low, abs=0.05)


def test_95_percent_of_intervals_contain_the_truth() -> None:
    """Over 600 samples of 40 clusters of correlated rows: nearly, as percentile intervals of few clusters are a bit short."""
    rng = random.Random(5)
    samples, hits = 600, 0
    for _ in range(samples):
        values: list[float | None] = []
        clusters: list[int] = []
        for cluster in range(40):
            common = rng.gauss(0, 1)
            for _ in range(rng.randrange(1, 6)):
                values.append(1.5 + common + rng.gauss(0, 1))
                clusters.append(cluster)
        found = _mean(values, clusters, resamples=500).estimate()
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= 1.5 <= found.high
    assert 0.9 <= hits / samples <= 0.98


def test_rows_of_one_cluster_count_as_one(rng: random.Random) -> None:
    """Every row four times over says nothing new: the interval is that of the rows alone."""
    values = _numbers(100, rng)
    alone = _mean(list(values)).estimate()
    fourfold = _mean([value for value in values for _ in range(4)], [k for k in range(100) for _ in range(4)]).estimate()

    assert alone is not None
    assert fourfold is not None
    assert alone.low == pytest.approx(fourfold.low)
    assert alone.high == pytest.approx(fourfold.high)


def test_without_two_clusters_there_is_no_interval() -> None:
    """A value is shown, that it is exact is not claimed; without any value there is nothing."""
    one = _mean([1.0, 2.0], [7, 7]).estimate()
    assert one is not None
    assert (1.5, None, None) == (one.value, one.low, one.high)
    assert _mean([None, None], [1, 2]).estimate() is None
    half = _mean([1.0, None], [1, 2]).estimate()
    assert half is not None
    assert half.low is None
    assert Bootstrap([]).means([], [[]])[0].estimate() is None
    assert Bootstrap([]).quantiles([], [], [0.5])[0].estimate() is None


def test_absent_values_are_left_out_not_taken_for_0() -> None:
    """The mean, median, deviation of a column are over the rows that have a value; a total is of what there is."""
    values = [4.0, None, 8.0, None, 6.0]
    bootstrap, rows = Bootstrap(range(5)), list(range(5))
    assert 6.0 == bootstrap.means(rows, [values])[0].value
    assert 18.0 == bootstrap.totals(rows, [values])[0].value
    assert 6.0 == bootstrap.quantiles(rows, values, [0.5])[0].value
    assert 2.0 == pytest.approx(bootstrap.deviation(rows, values).value)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60), st.integers(1, 5))
def test_values_are_those_of_the_statistics_module(values: list[float], size: int) -> None:
    """Mean, median, deviation, total, whatever the clusters; the interval lies within the data and is the right way round."""
    rows = list(range(len(values)))
    bootstrap = Bootstrap((row // size for row in rows), resamples=50)
    mean, total = bootstrap.means(rows, [values])[0], bootstrap.totals(rows, [values])[0]
    middle, deviation = bootstrap.quantiles(rows, values, [0.5])[0], bootstrap.deviation(rows, values)

    assert statistics.fmean(values) == pytest.approx(mean.value, abs=1e-6)
    assert sum(values) == pytest.approx(total.value, abs=1e-5)
    assert statistics.median(values) == pytest.approx(middle.value, abs=1e-6)
    assert statistics.stdev(values) == pytest.approx(deviation.value, abs=1e-6, rel=1e-6)
    for each in (mean.estimate(), middle.estimate()):
        assert each is not None
        if each.low is not None and each.high is not None:
            assert min(values) - 1e-6 <= each.low <= each.high <= max(values) + 1e-6


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.sampled_from([0.05, 0.25, 0.5, 0.95]))
def test_a_quantile_in_a_resample_is_that_of_the_repeated_rows(values: list[int], share: float) -> None:
    """Drawing a row twice is having it twice."""
    rows = list(range(len(values)))
    bootstrap = Bootstrap(rows, resamples=20)
    drawn = bootstrap.quantiles(rows, values, [share])[0]
    for resample in range(20):
        weights = bootstrap._weights[:, resample]
        repeated = sorted(value for value, times in zip(values, weights, strict=True) for _ in range(times))
        if share == 0.5:
            expected = statistics.median(repeated)
        else:
            expected = repeated[max(0, -(-round(share * 100) * len(repeated) // 100) - 1)]
        assert expected == drawn.values[resample]


COLUMNS = st.lists(st.tuples(*[st.none() | st.integers(-9, 9)] * 3), min_size=1, max_size=20)


@given(COLUMNS, st.integers(1, 4))
def test_a_mean_in_a_resample_is_that_of_the_repeated_rows(rows: list[tuple[int | None, ...]], size: int) -> None:
    """Of each column over the rows that have it, whatever others lack; all rows of a cluster as often as it was drawn."""
    bootstrap = Bootstrap((row // size for row in range(len(rows))), resamples=5)
    columns = [[row[place] for row in rows] for place in range(3)]
    for column, found in zip(columns, bootstrap.means(range(len(rows)), columns), strict=True):
        known = [(value, row // size) for row, value in enumerate(column) if value is not None]
        assert len({cluster for _, cluster in known}) == found.clusters
        for resample in range(5):
            weights = bootstrap._weights[:, resample]
            repeated = [value for value, cluster in known for _ in range(weights[cluster])]
            expected = statistics.fmean(repeated) if repeated else float("nan")
            assert expected == pytest.approx(found.values[resample], nan_ok=True)


def test_a_share_is_taken_resample_by_resample(rng: random.Random) -> None:
    """Half of what is drawn is half of it in each; a share of nothing is none."""
    whole = _mean(_numbers(50, rng), resamples=20)
    share = whole.scaled(0.5).over(whole)
    assert [0.5] * 21 == pytest.approx([share.value, *share.values])
    assert (whole - whole).value == 0
    assert whole.over(whole - whole).estimate() is None


def test_differences_are_taken_resample_by_resample(rng: random.Random) -> None:
    """What two groups of the same clusters have in common cancels: a constant difference is certain."""
    noise = _numbers(200, rng)
    values = [value for value in noise for _ in range(2)]
    bootstrap = Bootstrap([k for k in range(200) for _ in range(2)])
    even, odd = list(range(0, 400, 2)), list(range(1, 400, 2))
    less = bootstrap.means(even, [[values[k] for k in even]])[0]
    more = bootstrap.means(odd, [[values[k] + 1 for k in odd]])[0]
    found = (more - less).estimate()

    assert found is not None
    assert (1.0, 1.0, 1.0) == (pytest.approx(found.value), pytest.approx(found.low), pytest.approx(found.high))
    doubled = (more - less).scaled(2) + less - less
    assert 2.0 == pytest.approx(doubled.value)


def test_many_rows_are_resampled_in_blocks(rng: random.Random, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many resamples are drawn at once does not show in the numbers of one block size or another."""
    values = _numbers(50, rng)
    rows = list(range(50))
    whole = Bootstrap(rows)
    monkeypatch.setattr("depthwalk.analysis.bootstrap._BLOCK", 777)
    blocks = Bootstrap(rows)
    assert (whole._weights == blocks._weights).all()
    assert whole.means(rows, [values])[0].estimate() == blocks.means(rows, [values])[0].estimate()
    assert whole.quantiles(rows, values, [0.95])[0].estimate() == blocks.quantiles(rows, values, [0.95])[0].estimate()
