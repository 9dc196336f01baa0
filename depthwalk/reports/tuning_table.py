"""What `lab tune` found: the comparison on fresh seeds, the tuned parameters against those in use, what is recommended. Pure.

Of training nothing is told but which seeds it had.
"""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from depthwalk.analysis.paired import FEWEST_SEEDS, Verdict
from depthwalk.analysis.trial_columns import Metric
from depthwalk.analysis.tuned import Change, Objective, Rival, Tuned
from depthwalk.reports.lab_json import comparison_json, estimate_json
from depthwalk.reports.lab_table import VERDICT_STYLES, comparison_tables, interval, number, verdict_words
from depthwalk.reports.result_json import Json
from depthwalk.reports.wording import UNICODE, Glyphs


def tuning_tables(tuned: Tuned, *, width: int, signs: Glyphs = UNICODE) -> RenderableType:
    """Return the whole result for a terminal of *width* columns: what is recommended comes last."""
    parts: list[RenderableType] = [comparison_tables(tuned.comparison, width=width, signs=signs), Text()]
    for rival in tuned.rivals:
        parts += [*_against(tuned, rival, signs), Text()]
    notes = [Text(signs.text(line), "dim") for line in _notes(tuned)]
    return Group(*parts, *notes, Text(), *_beside(tuned, signs), _recommended(tuned, signs))


def _against(tuned: Tuned, rival: Rival, signs: Glyphs) -> Iterator[RenderableType]:
    yield Text(signs.text(f"{tuned.name} against {rival.name} on the same fresh seeds"), "bold")
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("world, class", overflow="fold")
    gross = tuned.sought.objective is Objective.GROSS
    difference = "Δ" if signs is UNICODE else "+/-"
    costs = f"{difference} {'gross' if gross else 'net'} {signs.cents} [95 %]"
    for title in (costs, f"{difference} fill pts [95 %]"):
        table.add_column(title, justify="right", overflow="fold")
    table.add_column("net verdict" if gross else "verdict", overflow="fold")
    for change in rival.changes:
        for cell in rival.comparison.cells:
            against = cell.arm(tuned.name).against
            if cell.world == change.world and against is not None:
                cost = interval(against.differences[tuned.sought.objective.metric])
                fill = interval(against.differences[Metric.FILL], 1)
                verdict = Text(verdict_words(against), VERDICT_STYLES[against.verdict])
                table.add_row(signs.text(f"{cell.world}, {cell.class_name}"), cost, fill, verdict)
    yield table
    for change in rival.changes:
        words = f"In world {change.world}, mean of the classes: {_change(tuned, change)}: "
        yield Text(signs.text(words)).append(change.verdict.value, VERDICT_STYLES[change.verdict])


def _change(tuned: Tuned, change: Change) -> str:
    return f"{interval(change.estimate, 1)} % of {tuned.comparison.asked.baseline}'s {tuned.sought.objective.value} shortfall"


def _notes(tuned: Tuned) -> Iterator[str]:
    sought, asked = tuned.sought, tuned.comparison.asked
    varied = ", ".join(f"{path}={words}" for path, words in sought.varied.items())
    fresh = range(asked.first_seed, asked.first_seed + asked.runs)
    yield (
        f"Searched: {varied}; {sought.generations} generations of {sought.population} and a play-off with the start in"
        f" {', '.join(sought.train_worlds)}, on training seeds {sought.training[0]:,} to {sought.training[-1]:,}. All figures"
        f" here are of the fresh seeds {fresh[0]:,} to {fresh[-1]:,}: none of them was trained on."
    )
    yield (
        "The mean of the classes decides: the difference in each, in percent of what the baseline costs there. Better in world"
        f" {asked.worlds[0]}, and worse in no other, is recommended."
    )


def _beside(tuned: Tuned, signs: Glyphs) -> Iterator[Text]:
    """Say where the tuned parameters do not keep to what was asked of them."""
    missed = [
        f"{number(fill.value, 1)} % in {cell.class_name}, {least:g} % wanted"
        for cell in tuned.comparison.cells
        if cell.world == tuned.comparison.asked.worlds[0]
        and (least := tuned.sought.least_fill.get(cell.class_name)) is not None
        and (fill := cell.arm(tuned.name).means[Metric.FILL]) is not None
        and fill.value < least
    ]
    if missed:
        yield Text(signs.text(f"{tuned.name} fills less than wanted: {'; '.join(missed)}."), "yellow")
    asking = [
        f"{number(requests.value, 1)} in {cell.class_name}"
        for cell in tuned.comparison.cells
        if cell.world == tuned.comparison.asked.worlds[0]
        and (requests := cell.arm(tuned.name).means[Metric.REQUESTS]) is not None
        and requests.value > tuned.sought.most_requests
    ]
    if asking:
        wanted = f"{tuned.sought.most_requests:g} wanted at most"
        yield Text(signs.text(f"{tuned.name} makes more requests than wanted: {'; '.join(asking)}; {wanted}."), "yellow")


def _recommended(tuned: Tuned, signs: Glyphs) -> Text:
    if tuned.recommended:
        return Text(signs.text(f"Recommended: {tuned.name}. --out FILE writes it as a method."), "bold green")
    return Text(signs.text(f"Recommended: keep {tuned.rivals[0].name} as it is. {_why(tuned)}"), "bold yellow")


def _why(tuned: Tuned) -> str:
    """Say why the tuned parameters are not recommended, of the first that they would not replace."""
    if not tuned.comparison.clean:
        return "The audit failed."
    rival = next(rival for rival in tuned.rivals if not rival.beaten)
    first, *others = rival.changes
    if rival.equal:
        return f"The search found nothing else than {rival.name}."
    if first.verdict is Verdict.TOO_FEW:
        return f"No verdict is given on fewer than {FEWEST_SEEDS} seeds with a cost in each class: --runs has more."
    if first.verdict is Verdict.BETTER:
        worse = ", ".join(change.world for change in others if change.verdict is Verdict.WORSE)
        return f"{tuned.name} is better in world {first.world}, but worse in {worse}."
    reason = "worse" if first.verdict is Verdict.WORSE else "not better: the interval includes 0"
    return f"Against {rival.name}, {tuned.name} is {reason}."


def tuning_json(tuned: Tuned) -> dict[str, Json]:
    """Return the object of `lab tune --json`."""
    sought = tuned.sought
    return {
        "search": {
            "algorithm": sought.algorithm,
            "varied": dict(sought.varied),
            "objective": sought.objective.value,
            "least_fill_percent": dict(sought.least_fill),
            "most_requests": sought.most_requests,
            "generations": sought.generations,
            "population": sought.population,
            "train_runs": sought.train_runs,
            "train_worlds": list(sought.train_worlds),
            "training_seeds": {"first": sought.training[0], "last": sought.training[-1]},
            "seed": sought.seed,
        },
        "tuned": tuned.name,
        "recommended": tuned.recommended,
        "why_not": None if tuned.recommended else _why(tuned),
        "against": {
            rival.name: {
                "beaten": rival.beaten,
                "worlds": {
                    change.world: {"percent_of_baseline": estimate_json(change.estimate), "verdict": change.verdict.value}
                    for change in rival.changes
                },
                "comparison": comparison_json(rival.comparison),
            }
            for rival in tuned.rivals
        },
        "comparison": comparison_json(tuned.comparison),
    }
