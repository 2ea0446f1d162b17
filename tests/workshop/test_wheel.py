"""What is built for a site: exactly our packages and the sample configuration, under names nobody else uses."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from checkout import PACKAGES, ROOT, tracked

from gateway import settings

DISTRIBUTION = "aso-gateway"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without any network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files, as an installation would have them."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(unpacked: Path, script: str) -> str:
    """What a script prints that finds the unpacked wheel before any checkout."""
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=unpacked, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_the_wheel_holds_the_four_packages_and_nothing_else(unpacked: Path) -> None:
    """At the top our four packages and the distribution's own facts; inside, every module and guide map of ours."""
    facts = [path.name for path in unpacked.iterdir() if path.suffix == ".dist-info"]
    assert len(facts) == 1 and facts[0].startswith("aso_gateway-")
    assert {path.name for path in unpacked.iterdir()} == {*PACKAGES, *facts}
    ours = {path.relative_to(ROOT) for path in tracked() if path.suffix in (".py", ".xml")}
    missing = {path for path in ours if path.parts[0] in PACKAGES and not (unpacked / path).is_file()}
    assert not missing


def test_the_licence_and_the_command_travel(unpacked: Path) -> None:
    """The wheel carries LICENSE and NOTICE, and offers exactly one command."""
    (facts,) = unpacked.glob("*.dist-info")
    assert {path.name for path in facts.rglob("*") if path.is_file()} >= {"LICENSE", "NOTICE"}
    assert (facts / "entry_points.txt").read_text().split() == ["[console_scripts]", "gateway", "=", "gateway.cli:main"]
    assert "Classifier: Private :: Do Not Upload" in (facts / "METADATA").read_text()


def test_the_samples_are_found_in_a_checkout() -> None:
    """`shipped()` is the checkout's config folder when no wheel brought one."""
    assert settings.shipped().resolve() == ROOT / "config"


def test_the_samples_are_found_in_a_wheel(unpacked: Path) -> None:
    """`shipped()` is gateway/_config in an installed wheel, and every tracked sample lies there."""
    found = Path(run(unpacked, "from gateway import settings; print(settings.shipped())"))
    assert found.resolve() == (unpacked / "gateway" / "_config").resolve()
    samples = [path.relative_to(ROOT / "config") for path in tracked() if path.is_relative_to(ROOT / "config")]
    assert samples and all((found / sample).is_file() for sample in samples)
    assert run(unpacked, "from gateway import settings as s; print(s.load(s.shipped() / 'gateway.toml').usage)") == "T"


@pytest.mark.parametrize("name", PACKAGES)
def test_no_other_distribution_has_our_names(name: str) -> None:
    """No installed distribution brings a package of our generic names."""
    assert set(packages_distributions().get(name) or []) <= {DISTRIBUTION}


def test_the_wheel_alone_has_our_names(unpacked: Path) -> None:
    """Seen from an installed wheel, each of our names belongs to it and to nobody else."""
    script = f"""
from importlib.metadata import packages_distributions
found = packages_distributions()
print({{name: sorted(set(found.get(name) or [])) for name in {PACKAGES!r}}})"""
    assert run(unpacked, script) == str({name: [DISTRIBUTION] for name in PACKAGES})
