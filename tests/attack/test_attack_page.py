"""docs/attack-pack.md: its tables are those of the files, each step has a scenario, and its examples are in order."""

import importlib.machinery
import importlib.util
import os

import pytest
from daemon import REPOSITORY

loader = importlib.machinery.SourceFileLoader("attack_page", os.path.join(REPOSITORY, "tests/attack/page"))
page = importlib.util.module_from_spec(importlib.util.spec_from_loader("attack_page", loader))
loader.exec_module(page)


def test_the_page_is_made_of_the_files():
    assert page.PAGE.read_text() == page.made(), "make it anew: tests/attack/page >page.new && mv page.new docs/attack-pack.md"


@pytest.mark.parametrize("step", page.steps(), ids=lambda step: step["id"])
def test_each_step_has_a_scenario_or_a_reason_for_having_none(step):
    having = [each["id"] for each in page.scenarios() if step["id"] in each["steps"]]
    assert bool(having) != bool(step.get("why-not")), having


def test_the_steps_are_those_of_both_sections_and_no_scenario_names_another():
    known = [f"7.1.{number}" for number in range(1, 30)] + [f"7.2.{number}" for number in range(1, 26)]
    assert [step["id"] for step in page.steps()] == known
    assert {step for each in page.scenarios() for step in each["steps"]} <= set(known)


def test_the_table_says_rightly_what_a_browser_can_play(attack):
    import json

    listed = {each["id"]: each["throughBrowser"] for each in json.loads(attack.run("--list", "--json", "-").stdout)}
    assert listed == {each["id"]: page.key_alone(each) for each in page.scenarios()}
