import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.shapes import distribution
from depthwalk.reports import lab_plots
from depthwalk.reports.lab_labels import LINE, Box, beside, labels, spread, text_width
from depthwalk.reports.lab_plots import Arm, Difference, histogram
from depthwalk.reports.lab_svg import HUES, drawing, mark, svg

VALUES = st.lists(st.floats(min_value=-9, max_value=9), min_size=1, max_size=50)
EDGES = [-10 + step / 2 for step in range(41)]
ESTIMATE = Estimate(value=1.0, low=0.5, high=1.5)


@given(VALUES)
def test_a_histogram_has_all_that_lies_within_its_edges(values: list[float]) -> None:
    """Shares add up to one where nothing is beyond the edges."""
    assert pytest.approx(1) == sum(histogram(distribution(values), EDGES))


def test_a_histogram_knows_where_its_quantiles_lie() -> None:
    """Three quarters at 2 and a quarter between 4 and 5 are bars there and nowhere else."""
    quantiles = [2.0] * 76 + [4 + step / 24 for step in range(25)]

    bars = histogram(quantiles, [0, 2, 2.5, 4, 5])

    assert pytest.approx([0, 0.75 + 0.01 / 4, 0.01 * 3 / 4, 0.24]) == bars
    assert [] == histogram((), [0, 1])


def test_labels_are_short_and_each_its_own() -> None:
    """Long names lose their middle; those that then look alike are numbered."""
    long = "dynamic_depth_walker:patience=0.{}25,deficit_gain=2"

    short = labels(["simple_limit", long.format(5), long.format(7)])

    assert ["simple_limit", "2 dynamic_depth_…_gain=2", "3 dynamic_depth_…_gain=2"] == short


@given(st.lists(st.floats(min_value=0, max_value=100), min_size=1, max_size=8))
def test_labels_are_spread_in_order_and_apart(wanted: list[float]) -> None:
    """Where there is room all lie within, in the order wanted, at least the gap apart."""
    found = spread(wanted, 10, 0, 100)
    placed = sorted(zip(wanted, found, strict=True))

    assert all(-1e-9 <= place <= 100 + 1e-9 for place in found)
    assert all(later[1] - sooner[1] >= 10 - 1e-9 for sooner, later in pairwise(placed))


def test_labels_with_room_stay_where_they_are_wanted() -> None:
    """Nothing is moved without need."""
    assert [80.0, 20.0, 50.0] == spread([80.0, 20.0, 50.0], 10, 0, 100)


def test_a_label_avoids_what_is_there_and_stays_inside() -> None:
    """To the right of its dot, unless something is there or the frame ends: then to the left."""
    frame = Box(0, 0, 200, 100)

    free = beside([(100, 50)], ["label"], [], frame)[0]
    beside_another = beside([(100, 50)], ["label"], [Box(101, 0, 200, 100)], frame)[0]
    at_the_edge = beside([(195, 50)], ["label"], [], frame)[0]

    assert free == Box(108, 50 - LINE / 2, 108 + text_width("label"), 50 + LINE / 2)
    assert 92.0 == beside_another.x1
    assert 187.0 == at_the_edge.x1


def test_arms_look_different_beyond_the_colors() -> None:
    """Where colors come again the sign is another one; none takes the baseline's color."""
    looks = [mark(place) for place in range(3 * HUES)]

    assert 3 * HUES == len({(look.color, look.sign) for look in looks})
    assert 1 == sum(look.color == looks[0].color for look in looks)
    assert ["var(--arm-0)", "var(--arm-8)", "var(--arm-1)"] == [looks[place].variable for place in (0, 8, 9)]


def test_a_drawing_is_small_and_says_no_colors() -> None:
    """Colors and fonts are the page's, a dollar is a dollar, backgrounds nobody sees are gone, ids are the drawing's own."""
    arms = [Arm(name=f"arm {place}", label=f"$x_{place}$", look=mark(place)) for place in range(9)]
    text = lab_plots.frontier(
        [(arm, ESTIMATE, ESTIMATE) for arm in arms], titles=("x, %", "y, %"), name="own", words="what it shows"
    )

    assert not re.search(r"#[0-9a-f]{6}|font-family|<metadata|<!--|clip|<g>", text)
    assert all(name.startswith("own-") for name in re.findall(r' id="([^"]*)"', text))
    assert 12_000 > len(text)
    assert all(f">$x_{place}$</text>" in text for place in range(9))


def test_a_path_keeps_its_shape() -> None:
    """Steps from point to point lead where the drawing went."""
    with drawing(100, 100) as figure:
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 10), ylim=(0, 10))
        axes.set_axis_off()
        axes.plot([0, 5, 5, 10], [10, 10, 5, 0], color="#010001")
        text = svg(figure, name="p", words="")

    assert 'd="M0 0h50v50l50 50"' in text
    assert text.startswith('<svg viewBox="0 0 100 100" width="100" ')


def test_differences_are_told_apart_without_color() -> None:
    """Better points to the left, worse to the right, neither is a ring: three signs."""
    rows = [Difference(label=str(better), estimate=ESTIMATE, better=better) for better in (True, False, None)]

    text = lab_plots.forest(rows, span=(-2, 2), axis="cents", width=300, name="f", words="")

    assert 3 == len(set(re.findall(r'<path id="[^"]*" d="([^"]*)"', text)))
    assert {"var(--good)", "var(--bad)"} <= set(re.findall(r"var\([\w-]+\)", text))


def _points(text: str, style: str) -> list[tuple[float, float]]:
    """Return the corners of the only path of that style, in px from the upper left."""
    (path,) = re.findall(rf'<path d="([^"]*)" style="[^"]*{style}[^"]*"', text)
    x = y = 0.0
    found = []
    for letter, numbers in re.findall(r"([Mlhv])([^Mlhv]*)", path):
        steps = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        right, down = (0.0, steps[0]) if letter == "v" else (steps[0], 0.0) if letter == "h" else steps
        x, y = (right, down) if letter == "M" else (x + right, y + down)
        found.append((x, y))
    return found


def test_each_distribution_is_its_own_arm_s_and_stands_on_its_own_line() -> None:
    """The first lies low, the second high; the second one's row is below."""
    arms = [Arm(name=name, label=name, look=mark(place)) for place, name in enumerate(("low", "high"))]
    quantiles = ([step / 100 for step in range(101)], [9 + step / 100 for step in range(101)])
    mean = Estimate(value=0.5)

    text = lab_plots.distributions(
        [(arm, each, mean) for arm, each in zip(arms, quantiles, strict=True)], axis="cents", name="d", words=""
    )

    low, high = (_points(text, rf"fill:var\(--arm-{place}\)") for place in (0, 1))
    middle = lab_plots.WIDTH / 2
    for bars, left in ((low, True), (high, False)):
        base = bars[-1][1] if left else bars[0][1]
        assert base == max(y for _, y in bars)
        assert {left} == {x < middle for x, y in bars if y < base - 5}
    assert max(y for _, y in low) < max(y for _, y in high)


def test_a_fill_curve_goes_through_its_means() -> None:
    """Nothing, four fifths, all: the band beside it is another thing."""
    arm = Arm(name="arm", label="arm", look=mark(0))
    curve = [Estimate(value=value, low=value - 30, high=value + 10) for value in (0.0, 80.0, 100.0)]

    text = lab_plots.fill_curves([(arm, curve)], (0, 10, 20), axis="s", name="c", words="")

    first, middle, last = _points(text, r"stroke:var\(--arm-0\);stroke-width:1\.6")
    assert pytest.approx(0.8, abs=0.01) == (first[1] - middle[1]) / (first[1] - last[1])
    assert pytest.approx(0.5, abs=0.01) == (middle[0] - first[0]) / (last[0] - first[0])
