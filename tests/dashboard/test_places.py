"""The places page: tiles without a map, links cut to shapes with one, always the table, and nobody else's towns."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetwatch import shapes
from budgetwatch.access.viewer import SYSTEM
from budgetwatch.home import Home
from dashboard.components.placemap import WIDTH, inside, path, place_map, sheet
from dashboard.components.tilegrid import STEPS, Tile, coverage_grid, scale
from dashboard.tokens import READ, contrast
from tests.dashboard.conftest import Reader, find
from tests.shapes.test_shapes import features

CSS = (Path(__file__).parents[2] / "dashboard" / "assets" / "places.css").read_text()


def loaded(home: Home, folder: Path) -> None:
    file = folder / "map.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features()}), encoding="utf-8")
    shapes.load(home, SYSTEM, file)


# ------------------------------------------------------------------ scale and colours


@given(st.lists(st.one_of(st.none(), st.integers(-50, 50), st.decimals(-1, 1, places=4)), max_size=60))
def test_classes_follow_the_order_of_the_figures(values: list[Decimal | int | None]) -> None:
    made = scale(values)
    known = sorted(v for v in values if v is not None)
    steps = [made.step(v) for v in known]
    assert steps == sorted(steps)
    assert all(1 <= step <= STEPS for step in steps)
    assert made.step(None) == 0
    for step, low, high in made.ranges:
        assert {made.step(v) for v in known if low <= v <= high} == {step}


def test_few_figures_are_spread_and_many_are_shared_out() -> None:
    assert scale([0, 0, 0, 2]).steps == {0: 1, 2: 5}
    assert [scale(range(10)).step(n) for n in range(10)] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert scale([7, 7]).steps == {7: 1}


@pytest.mark.parametrize("theme", range(3))
def test_words_on_every_step_can_be_read_in_both_themes(theme: int) -> None:
    grounds = re.findall(r"--step-(\d): (#\w+); --on-step-\d: (#\w+);", CSS)[theme * STEPS : (theme + 1) * STEPS]
    assert [n for n, _, _ in grounds] == ["1", "2", "3", "4", "5"]
    for _, ground, ink in grounds:
        assert contrast(ink, ground) >= READ


# ------------------------------------------------------------------ the page


def test_without_a_map_places_are_tiles_in_the_order_of_their_codes(reader: Callable[..., Reader]) -> None:
    page = reader("reviewer").open("/places?level=district&measure=change")
    tiles = find(page.page, lambda n: str(n["props"].get("id", "")).startswith("place-grid-"))
    assert [t["props"]["id"] for t in tiles] == [f"place-grid-{c}" for c in ("990100", "990102", "990103")]
    assert all("place=" in t["props"]["href"] for t in tiles)
    assert "places-table" in page.ids()
    assert "place-map" not in page.ids()
    assert "白石区最低（−3.8%）" in page.text


def test_towns_stand_under_their_district(reader: Callable[..., Reader]) -> None:
    page = reader("reviewer").open("/places")
    assert {"place-grid-990102", "place-grid-990102001"} <= page.ids()
    assert "place-grid-990103" not in page.ids(), "a district without towns has no row of its own"


def test_with_a_map_every_place_is_a_link_and_the_others_stand_beside(
    reader: Callable[..., Reader], city_home: Home, tmp_path: Path
) -> None:
    loaded(city_home, tmp_path)
    page = reader("reviewer").open("/places?level=district")
    assert {"place-map-990102", "place-map-990103", "place-grid-990100"} <= page.ids()
    shape = page.by_id("place-map-990103")["props"]
    assert shape["style"]["clipPath"].startswith("polygon(evenodd, ")
    assert "place=990103" in shape["href"]
    assert shape["tabIndex"] == -1, "the table is the way for the keyboard"


def test_a_spoilt_map_leaves_the_tiles(reader: Callable[..., Reader], city_home: Home) -> None:
    (city_home.path / shapes.FILE).write_text("{")
    page = reader("reviewer").open("/places")
    assert page.error is None
    assert "place-grid" in page.ids()


def test_a_place_opens_with_its_numbers_and_the_ways_on(
    reader: Callable[..., Reader], city_home: Home, flagged: Callable[..., int]
) -> None:
    case = flagged(city_home, region="990102001")
    page = reader("reviewer").open("/places?place=990102")
    assert "溪口镇" in page.text
    assert {
        f"/case/{case}", "/committee?region=990102", "/auditor?region=990102", "/deputy?region=990102&year=2026",
    } <= page.links  # fmt: skip
    assert "没有收到" in page.text, "no indicator was ever sent"


def test_a_deputy_sees_figures_and_no_way_to_cases_or_payments(
    reader: Callable[..., Reader], city_home: Home, flagged: Callable[..., int]
) -> None:
    flagged(city_home, region="990102")
    page = reader("deputy").open("/places?place=990102")
    assert page.error is None
    assert not [link for link in page.links if link.startswith(("/case/", "/committee", "/auditor", "/voucher"))]
    assert "measure-overdue" not in page.ids()
    assert "measure-open" in page.ids()


def test_a_district_sees_its_own_towns_only(
    reader: Callable[..., Reader], city_home: Home, tmp_path: Path
) -> None:  # fmt: skip
    loaded(city_home, tmp_path)
    district = reader("district")
    page = district.open("/places?level=district")
    assert "place-map-990102" in page.ids()
    assert "白石区" not in page.text
    assert "990103" not in json.dumps(page.page)
    assert district.open("/places?place=990103").error == "not_found"


def test_the_table_is_sorted_by_what_the_address_says(reader: Callable[..., Reader]) -> None:
    page = reader("reviewer").open("/places?level=district&order=per_head")
    head = page.by_id("sort-per_head")["props"]["href"]
    assert "order=-per_head" in head
    rows = find(page.by_id("places-table")["props"]["children"], lambda n: n["type"] == "Tr")[1:]
    names = [find(row, lambda n: n["type"] == "A")[0]["props"]["children"] for row in rows]
    assert names == ["云岭市本级", "青岚区", "白石区"]


def test_the_file_holds_the_figures_exactly(reader: Callable[..., Reader]) -> None:
    page = reader("reviewer", language="en").open("/places?level=district")
    link = page.by_id("places-csv")["props"]
    told = unquote(link["href"].split(",", 1)[1]).lstrip("\ufeff").splitlines()
    assert told[0].startswith("Region code,Region,")
    assert told[-1].startswith("990103,白石区,0.6410,-0.0385,1.00,0,0,")
    assert link["download"].endswith(".csv")


def test_a_mistyped_measure_or_place_is_refused_in_words(reader: Callable[..., Reader]) -> None:
    person = reader("reviewer")
    assert person.open("/places?measure=height").error == "invalid"
    assert person.open("/places?place=110000").error == "not_found"


def test_who_has_no_part_in_it_is_told(reader: Callable[..., Reader]) -> None:
    assert reader("unit").open("/places").error == "denied"


# ------------------------------------------------------------------ map and grid


def test_the_sheet_is_filled_and_north_is_up(city_home: Home, tmp_path: Path) -> None:
    loaded(city_home, tmp_path)
    there = shapes.shapes(city_home)
    assert there is not None
    drawn = sheet(there, {code: [code] for code in there.outlines})
    every = [point for cell in drawn.cells.values() for ring in cell.rings for point in ring.tolist()]
    assert min(x for x, _ in every) >= 0
    assert max(x for x, _ in every) <= WIDTH
    assert max(y for _, y in every) <= drawn.height
    assert drawn.cells["990102001"].rings[0][:, 1].max() <= drawn.cells["990102"].rings[0][:, 1].min() + 1
    tile = Tile("990103", "白石区", "1", 2, "/places?place=990103")
    made = place_map(drawn, [tile], id="m").to_plotly_json()["props"]
    assert [one.id for one in made["children"] if getattr(one, "id", None)] == ["m-990103"]
    x, y, room = inside(drawn.cells["990103"].rings)
    left, right = drawn.cells["990103"].rings[0][:, 0].min(), drawn.cells["990103"].rings[0][:, 0].max()
    assert left < x < right
    assert 0 < room <= right - left + 1
    assert path(drawn.cells["990103"].rings).count("z") == 1
    assert y > 0


def test_coverage_as_tiles_for_a_home_page(city_home: Home) -> None:
    from budgetwatch.queries.places import coverage

    made = json.dumps(coverage_grid(coverage(city_home, SYSTEM)), default=lambda o: o.to_plotly_json())
    assert "coverage-grid-990102001" in made
    assert '"2/3"' in made


def test_the_lines_of_the_year_come_when_asked_for(reader: Callable[..., Reader]) -> None:
    person = reader("deputy")
    assert "places-lines" in person.open("/places").ids()
    page = person.open("/places?lines=1")
    assert page.error is None
    assert "places-multiples" in page.ids()
