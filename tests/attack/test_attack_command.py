"""What a person meets: lists, refusals, reports, files that are not in order; and what docs/attack-pack.md shows."""

import json
import shlex
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pytest
from documents import REPOSITORY, blocks

SCENARIO = """
[[scenario]]
id = "mine"
title = "A <b>title</b> & more"
steps = ["7.1.9"]
ceremony = "registration"
expect = "reject"
client = { set = { origin = "https://attacker.example" } }
"""


def test_the_list_needs_no_site(attack):
    done = attack.run("--list")
    assert done.returncode == 0 and "reg-origin-other" in done.stdout and "7.2 step 22" in done.stdout
    listed = json.loads(attack.run("--list", "--json", "-").stdout)
    assert len(listed) > 100 and all(each["steps"] for each in listed)


def test_only_a_site_of_this_machine_is_attacked_unasked(attack):
    for site in ("http://example.org", "https://127.example.org", "http://localhost.example.org:80/x", "http://192.168.1.1"):
        done = attack.run("--site", site)
        assert done.returncode == 2, done.stderr
        assert "--i-may-test-this-site" in done.stderr
    assert attack.run("--site", "localhost").returncode == 2
    assert attack.run("--site", "http://me:secret@localhost:1").returncode == 2
    assert attack.run().returncode == 2


def test_it_says_that_it_makes_accounts(attack, site):
    where = site()
    done = attack.run("--site", where.origin, "--only", "reg-origin-other")
    assert done.returncode == 0, done.stderr
    assert "makes accounts" in done.stderr
    assert len(set(where.relying_party.asked)) >= 4, "controls before and after, the scenario's control and its own"
    assert all(name.startswith("attack-") for name in where.relying_party.asked)


def test_reports_are_for_machines_and_people(attack, site):
    (attack.folder / "mine.toml").write_text(SCENARIO)
    done = attack.run("--site", site("origin").origin, "--scenarios", "mine.toml", "--junit", "a.xml", "--html", "a.html", "--json", "a.json")
    assert done.returncode == 1
    assert "NOT REJECTED" in done.stdout and "1 that the site failed to reject" in done.stdout
    suite = ElementTree.parse(attack.folder / "a.xml").getroot().find("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert "has to refuse it (7.1 step 9)" in suite.find("testcase/failure").get("message")
    page = (attack.folder / "a.html").read_text()
    assert "<b>title" not in page and "A &lt;b&gt;title&lt;/b&gt; &amp; more" in page
    assert "light-dark(" in page and "src=" not in page and "href=" not in page
    HTMLParser().feed(page)
    assert json.loads((attack.folder / "a.json").read_text())["results"][0]["outcome"] == "not-rejected"


@pytest.mark.parametrize(("change", "said"), [
    (("id = ", "idd = "), "lacks \"id\""),
    (('"7.1.9"', '"7.9"'), "is no step"),
    (('"reject"', '"refuse"'), "none of: reject, should-reject, may, accept"),
    (("client = ", "clint = "), "has no member \"clint\""),
    (("https://attacker.example", "${orign}"), "nothing is called ${orign}"),
    (("[[scenario]]", "[[scenario]"), "this is no TOML"),
    (("client = { set", 'faults = [{ type = "bogus" }]\nx = { set'), "docs/faults.md"),
    (('"registration"', '"login"\nattestation = { format = "x" }'), "only a registration is attested"),
    (('"registration"', '"registration"\nbefore = [{}]'), "nobody has before a registration"),
    (("set = {", 'prefix = "e", set = {'), "half a byte"),
])
def test_a_scenario_file_that_is_not_in_order_is_refused_with_its_line(attack, change, said):
    assert change[0] in SCENARIO
    (attack.folder / "bad.toml").write_text(SCENARIO.replace(*change))
    done = attack.run("--list", "--scenarios", "bad.toml")
    assert done.returncode == 2, done.stderr
    assert said in done.stderr and "bad.toml:" in done.stderr
    line = int(done.stderr.split("bad.toml:")[1].split(":")[0])
    assert 1 <= line <= 12


def test_an_id_that_is_there_twice_is_refused(attack):
    (attack.folder / "pack").mkdir()
    for name in ("a.toml", "b.toml"):
        (attack.folder / "pack" / name).write_text(SCENARIO)
    done = attack.run("--list", "--scenarios", "pack")
    assert done.returncode == 2 and "b.toml:2: the id \"mine\" is there already" in done.stderr


SITE = (Path(__file__).parents[2] / "src/attack/sites/demo.toml").read_text()


@pytest.mark.parametrize(("change", "said"), [
    (('path = "/api/login/verify"', 'path = "api"'), "begins with /"),
    (('response = "${response}"', 'response = "x"'), "no response would be sent"),
    (("[login.options]", "[login.optoins]"), "lacks \"options\""),
    (('"${ceremony}"', '"${ceremonie}"'), "nothing is called ${ceremonie}"),
    (('["counters"]', '["counter"]'), "there is no policy \"counter\""),
])
def test_a_site_file_that_is_not_in_order_is_refused_with_its_line(attack, change, said):
    assert change[0] in SITE
    (attack.folder / "bad.toml").write_text(SITE.replace(*change))
    done = attack.run("--site", "http://localhost:9", "--site-file", "bad.toml")
    assert done.returncode == 2 and said in done.stderr and "bad.toml:" in done.stderr, done.stderr


def test_a_deviation_that_does_not_take_place_is_an_error_and_no_success(attack, site):
    idle = SCENARIO.replace('client = { set = { origin = "https://attacker.example" } }', 'client = { remove = ["topOrigin"] }')
    assert idle != SCENARIO
    (attack.folder / "idle.toml").write_text(idle)
    results, _ = attack.report(site().origin, "--scenarios", "idle.toml", status=1)
    assert results["mine"]["outcome"] == "error" and "other than it was" in results["mine"]["said"]


PAGE = REPOSITORY / "docs/attack-pack.md"


def test_the_pages_commands_do_what_it_says(attack, site):
    where = site().origin
    commands = [command for block in blocks(PAGE) if block.run_by == "tests/attack/test_attack_command.py" for command in block.commands()]
    assert len(commands) >= 4
    for command in commands:
        words = [word.replace("http://localhost:8080", where) for word in shlex.split(command, comments=True)]
        assert words[:2] == ["fauxkey", "attack"]
        done = attack.run(*words[2:])
        assert done.returncode == 0, f"{command}: {done.stdout[-500:]}{done.stderr}"
    assert (attack.folder / "attack.html").stat().st_size > 10_000


def test_the_pages_files_are_in_order_and_its_scenarios_hold(attack, site):
    scenarios, shop = [block.text for block in blocks(PAGE) if block.language == "toml"]
    (attack.folder / "own.toml").write_text(scenarios)
    (attack.folder / "shop.toml").write_text(shop)
    results, _ = attack.report(site().origin, "--scenarios", "own.toml", status=0)
    assert len(results) == 2
    # Read as it should be: it is the site's first page that is missing.
    done = attack.run("--site", site().origin, "--site-file", "shop.toml")
    assert done.returncode == 69 and "/signup" in done.stderr, done.stderr
