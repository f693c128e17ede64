"""The laws of the house that can be read off the files: who may import whom, one clock, no hidden settings or chance.

The rules of the dbt project's graph stand in tests/dbt/test_project_rules.py.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from dagster_mlb.settings import PROJECT_ROOT

PACKAGE = PROJECT_ROOT / "dagster_mlb"
MODULES = sorted(PACKAGE.rglob("*.py"))

# A room imports only from rooms of a lower floor; settings belong to everyone.
FLOORS = {
    "settings": 0,
    "baseball": 1,
    "market": 1,
    "warehouse": 2,
    "sources": 3,
    "simulator": 4,
    "learning": 4,
    "signals": 4,
    "strategies": 5,
    "bets": 6,
    "reporting": 7,
    "defs": 8,
    "definitions": 9,
    "pipeline": 10,
    "cli_face": 11,
    "cli_bets": 12,
    "cli_leaks": 12,
    "cli_sources": 12,
    "cli_strategies": 12,
    "cli": 13,
}
ORCHESTRATION = {"defs", "definitions"}  # may import dagster anywhere
ORCHESTRATION_INSIDE_FUNCTIONS = {"cli", "pipeline"}
DAGSTER = re.compile(r"^dagster(_dbt|_postgres|_webserver|_graphql)?(\.|$)")

SLOW_IMPORTS = {"lightgbm", "matplotlib", "great_expectations", "fastexcel", "scipy", "alembic", "uvicorn"}

CLOCK_CALLS = {"now", "today", "utcnow"}
SQL_CLOCKS = re.compile(
    r"\bnow\s*\(|\b(statement|transaction|clock)_timestamp\b|\bcurrent_(timestamp|date|time)\b|\blocaltime(stamp)?\b"
    r"|\btimeofday\b|'(now|today|tomorrow|yesterday)'",
    re.IGNORECASE,
)

# Files that touch os.environ, and why. Settings are read by settings.py alone.
ENVIRONMENT_USERS = {
    "warehouse/transform.py": "hands the connection to dbt",
    "warehouse/postgres_user.py": "keeps libpq variables of the shell from the server's tools",
    "simulator/server.py": "starts the league's server with the same environment",
    "defs/instance.py": "hands the connection to Dagster",
    "defs/serve.py": "starts the web server and the daemon",
    "learning/expectations.py": "switches a library's telemetry off",
    "definitions.py": "switches a library's telemetry off",
    "cli.py": "tells the processes it starts of its options",
    "pipeline.py": "tells the processes it starts of its options",
}
# Chance belongs to the league; these hold seeded statistics.
SEEDED = {
    "strategies/figures/drawdowns.py",
    "strategies/figures/estimates.py",
    "strategies/figures/luck.py",
    "strategies/leakage/behaviour.py",
    "strategies/leakage/moments.py",
    "strategies/leakage/skill_live.py",
}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports_of(node: ast.AST) -> Iterator[tuple[str, int]]:
    """Every absolute import below a node, as dotted names with their lines; `from a import b` counts as a.b too."""
    for found in ast.walk(node):
        if isinstance(found, ast.Import):
            for alias in found.names:
                yield alias.name, found.lineno
        elif isinstance(found, ast.ImportFrom) and found.module and not found.level:
            for alias in found.names:
                yield f"{found.module}.{alias.name}", found.lineno


def imports_outside_functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    def visit(node: ast.AST) -> Iterator[tuple[str, int]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                continue
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                continue
            if isinstance(child, ast.Import | ast.ImportFrom):
                yield from imports_of(child)
            else:
                yield from visit(child)

    return visit(tree)


def floor_breaches(path: Path, tree: ast.Module) -> list[str]:
    own = room_of(path)
    if own == "__init__":
        return []
    breaches = []
    for name, line in imports_of(tree):
        parts = name.split(".")
        if parts[0] != "dagster_mlb" or len(parts) < 2 or parts[1] == own:
            continue
        if FLOORS.get(parts[1], 99) >= FLOORS[own]:
            breaches.append(f"{name_of(path)}:{line} ({own}) imports {name}")
    return breaches


def test_every_room_has_its_floor() -> None:
    rooms = {room_of(path) for path in MODULES} - {"__init__"}
    assert rooms <= set(FLOORS), "a new room: give it a floor"


def test_a_room_imports_only_from_the_floors_below() -> None:
    assert [breach for path in MODULES for breach in floor_breaches(path, tree_of(path))] == []


def test_an_import_from_above_would_be_found() -> None:
    breach = floor_breaches(PACKAGE / "market" / "odds.py", ast.parse("from dagster_mlb.strategies import backtest"))
    assert breach == ["market/odds.py:1 (market) imports dagster_mlb.strategies.backtest"]


def test_only_the_orchestration_knows_dagster() -> None:
    breaches = []
    for path in MODULES:
        room = room_of(path)
        if room in ORCHESTRATION:
            continue
        tree = tree_of(path)
        names = imports_outside_functions(tree) if room in ORCHESTRATION_INSIDE_FUNCTIONS else imports_of(tree)
        breaches += [f"{name_of(path)}:{line} imports {name}" for name, line in names if DAGSTER.match(name)]
    assert breaches == []


def test_slow_libraries_are_imported_where_they_are_used() -> None:
    breaches = [
        f"{name_of(path)}:{line} imports {name}"
        for path in MODULES
        if "migrations" not in path.parts
        for name, line in imports_outside_functions(tree_of(path))
        if name.split(".")[0] in SLOW_IMPORTS
    ]
    assert breaches == []


def clock_calls(tree: ast.Module) -> list[int]:
    """Lines that ask the machine for the time: datetime.now(), date.today(), datetime.utcnow(), time.time()."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            owner_name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            asked = (owner_name in {"datetime", "date", "dt"} and node.func.attr in CLOCK_CALLS) or (
                owner_name == "time" and node.func.attr in {"time", "time_ns", "localtime", "gmtime"}
            )
            if asked:
                lines.append(node.lineno)
    return lines


def test_only_the_settings_ask_what_time_it_is() -> None:
    found = {name_of(path): clock_calls(tree_of(path)) for path in MODULES if path.name != "settings.py"}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_the_clock_rule_sees_what_it_forbids() -> None:
    assert clock_calls(ast.parse("import datetime, time\ndatetime.datetime.now()\ntime.time()\nsettings.now()")) == [
        2,
        3,
    ]


def test_the_rule_for_sql_sees_what_it_forbids() -> None:
    for text in (
        "select now()",
        "select NOW ()",
        "where d < current_date",
        "x default current_timestamp",
        "date 'today'",
    ):
        assert SQL_CLOCKS.search(text), text
    for text in ("select known_at", "open_to_now_logit", "clock.now_at", "local_time_zone"):
        assert not SQL_CLOCKS.search(text), text


def sql_without_comments(text: str) -> str:
    text = re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"--[^\n]*", "", text)


def sql_files() -> list[Path]:
    project = [
        path
        for path in (PROJECT_ROOT / "dbt_project").rglob("*.sql")
        if not {"target", "logs"} & set(path.relative_to(PROJECT_ROOT).parts)
    ]
    return sorted([*project, *PACKAGE.rglob("*.sql")])


def test_no_sql_asks_the_server_for_the_time() -> None:
    breaches = [
        f"{path.relative_to(PROJECT_ROOT)}: {match.group(0)}"
        for path in sql_files()
        for match in SQL_CLOCKS.finditer(sql_without_comments(path.read_text(encoding="utf-8")))
    ]
    assert breaches == []


def test_no_sql_in_python_asks_the_server_for_the_time() -> None:
    breaches = []
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "select" in node.value.lower():
                breaches += [f"{name_of(path)}:{node.lineno}: {m.group(0)}" for m in SQL_CLOCKS.finditer(node.value)]
    assert breaches == []


def test_settings_are_read_in_one_place() -> None:
    users = {
        name_of(path)
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute | ast.Name)
        and (getattr(node, "attr", None) or getattr(node, "id", None)) in {"environ", "getenv", "putenv"}
    }
    assert users <= set(ENVIRONMENT_USERS), "os.environ is read by settings.py alone; else say here why"


def test_chance_belongs_to_the_simulated_league() -> None:
    users = set()
    for path in MODULES:
        if room_of(path) == "simulator":
            continue
        tree = tree_of(path)
        if any(re.match(r"^(random|secrets)(\.|$)|^numpy\.random", name) for name, _ in imports_of(tree)):
            users.add(name_of(path))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in {"default_rng", "RandomState"}:
                users.add(name_of(path))
    passwords = {"warehouse/server.py"}  # a generated password is no figure
    assert users - passwords <= SEEDED


def test_every_seeded_generator_is_given_its_seed() -> None:
    for name in SEEDED:
        for node in ast.walk(tree_of(PACKAGE / name)):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "default_rng":
                assert node.args, f"{name}:{node.lineno}: default_rng() without a seed"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_belongs_in_it(path: Path) -> None:
    tree = tree_of(path)
    if path.name == "__init__.py" and not tree.body:
        return
    assert ast.get_docstring(tree), f"{name_of(path)} has no docstring"


def test_no_error_is_swallowed_whole() -> None:
    breaches = []
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            broad = node.type is None or getattr(node.type, "id", "") in {"Exception", "BaseException"}
            silent = all(isinstance(step, ast.Pass | ast.Continue) for step in node.body)
            if broad and silent:
                breaches.append(f"{name_of(path)}:{node.lineno}")
    assert breaches == []


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=PROJECT_ROOT, capture_output=True
    )
    if listed.returncode:
        pytest.skip("not a git working tree")
    paths = [PROJECT_ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked_files():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_no_file_names_a_path_of_one_machine() -> None:
    everywhere = {"/", "/tmp", "/opt", "/srv", "/home", "/app", "/usr", "/var", "/mnt"}
    own = {str(PROJECT_ROOT), str(PROJECT_ROOT.parent), str(Path.home())} - everywhere
    places = [*(re.escape(f"{place}/") for place in sorted(own)), r"/home/[a-z]\w*/", r"/Users/[A-Za-z]\w*/"]
    pattern = re.compile(rf"(?<![\w.])(?:{'|'.join(places)})")
    breaches = [
        f"{path.relative_to(PROJECT_ROOT)}: {match.group(0)}"
        for path, text in texts()
        if path != Path(__file__)
        for match in pattern.finditer(text)
    ]
    assert breaches == []


def test_no_file_names_a_package_index() -> None:
    pattern = re.compile(
        r"(--|_)(extra-)?index[-_]url|/simple/|files\.python" + r"hosted|pypi" + r"\.org", re.IGNORECASE
    )
    breaches = [
        f"{path.relative_to(PROJECT_ROOT)}: {match.group(0)}"
        for path, text in texts()
        if path != Path(__file__)
        for match in pattern.finditer(text.replace("--no-emit-index-url", ""))
    ]
    assert breaches == []


def test_no_file_is_large() -> None:
    large = {str(path.relative_to(PROJECT_ROOT)): path.stat().st_size for path in tracked_files()}
    assert {name: size for name, size in large.items() if size > 700_000} == {}


@pytest.mark.parametrize(
    "name",
    [
        *("pyproject.toml", "requirements.lock", "workspace.yaml", "Makefile", "docker-compose.yml", "README.md"),
        *("dagster_mlb/", "dbt_project/", "dbt_profiles/", "tests/", "benchmarks/", "docs/"),
    ],
)
def test_the_top_of_the_house_stands(name: str) -> None:
    path = PROJECT_ROOT / name
    assert path.is_dir() if name.endswith("/") else path.is_file()


def test_the_lock_holds_every_dependency_with_its_hash() -> None:
    lock = (PROJECT_ROOT / "requirements.lock").read_text()
    packages = re.split(r"(?m)^(?=[a-z0-9])", lock)[1:]
    assert all(re.match(r"[\w.\[\],-]+==\S+", package) and "--hash=sha256:" in package for package in packages)
    locked = {re.split(r"[=\[]", package)[0].replace("_", "-").lower() for package in packages}
    project = (PROJECT_ROOT / "pyproject.toml").read_text()
    wanted = set(re.findall(r'^    "([a-zA-Z0-9_-]+)(?:\[[a-z0-9]+\])?(?:[<>=]|"),?', project, re.MULTILINE))
    assert {name.replace("_", "-").lower() for name in wanted} <= locked
