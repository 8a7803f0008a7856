"""The JavaScript client of clients/javascript: compiled, packed as npm has it, installed, and used."""

import glob
import os
import shutil
import subprocess

import pytest
from daemon import REPOSITORY

CLIENT = os.path.join(REPOSITORY, "clients/javascript")


@pytest.fixture(scope="module")
def node():
    """The demo site's Node.js, which the project gets for itself."""
    subprocess.run([os.path.join(REPOSITORY, "tools/demo/serve"), "--prepare"], check=True, stdin=subprocess.DEVNULL)
    return sorted(glob.glob(os.path.join(REPOSITORY, "build/demo/node-*/nodejs")), key=os.path.getmtime)[-1]


@pytest.mark.timeout(300)
def test_the_package_is_what_people_install(node, request, tmp_path):
    npm = [f"{node}/bin/node", f"{node}/lib/node_modules/npm/bin/npm-cli.js", "--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts"]
    environment = {**os.environ, "PATH": f"{node}/bin:{os.environ['PATH']}", "npm_config_cache": str(tmp_path / "cache")}
    source = tmp_path / "source"
    shutil.copytree(CLIENT, source, ignore=shutil.ignore_patterns("node_modules", "dist"))

    def run(*command, cwd=source, **more):
        done = subprocess.run(command, cwd=cwd, env={**environment, **more}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(*npm, "ci")
    run(f"{node}/bin/node", "node_modules/typescript/bin/tsc")  # strict types are a test of their own
    package = run(*npm, "pack", "--silent").split()[-1]
    user = tmp_path / "user"
    (user / "node_modules" / "fauxkey").mkdir(parents=True)
    run("tar", "-xzf", source / package, "-C", user / "node_modules" / "fauxkey", "--strip-components=1", cwd=user)
    assert sorted(os.listdir(user / "node_modules/fauxkey")) == ["README.md", "dist", "package.json"]
    shutil.copy(os.path.join(CLIENT, "test/client.test.mjs"), user)
    said = run(f"{node}/bin/node", "--test", "client.test.mjs", cwd=user, FAUXKEY=os.path.abspath(request.config.getoption("--fauxkey")))
    assert "# fail 0" in said or "fail 0" in said, said
    assert "pass 9" in said, said
