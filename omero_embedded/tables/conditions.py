"""Conditions that select rows: which expressions a client may hand to the engine.

PyTables and numexpr evaluate a condition as Python source, constants first. Only names, constants, operators and
calls of numexpr's own functions are let through, and nothing whose constant part could take for ever.
"""

from __future__ import annotations

import ast

from .. import errors

MAX_LENGTH = 200_000
"""Characters of a condition."""
MAX_EXPONENT = 64
FUNCTIONS = frozenset(
    (
        "abs", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "ceil", "complex", "conj",
        "contains", "cos", "cosh", "exp", "expm1", "floor", "fmod", "imag", "log", "log10", "log1p", "real", "sin",
        "sinh", "sqrt", "tan", "tanh", "where",
    )
)  # fmt: skip
_ALLOWED = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.Name, ast.Constant, ast.Load,
    ast.operator, ast.unaryop, ast.cmpop,
)  # fmt: skip


def check_condition(condition: str) -> None:
    """Raises ApiUsageException for text that is no expression over columns and variables."""
    if not condition.strip():
        raise errors.api_usage("condition: must not be empty")
    if len(condition) > MAX_LENGTH:
        raise errors.api_usage(f"condition: at most {MAX_LENGTH} characters, not {len(condition)}")
    try:
        tree = ast.parse(condition.strip(), mode="eval")
        for node in ast.walk(tree):
            _check_node(node, condition)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise _bad(condition, str(error)) from error


def _check_node(node: ast.AST, condition: str) -> None:
    if not isinstance(node, _ALLOWED):
        raise _bad(condition, f"{type(node).__name__} is not supported")
    if isinstance(node, ast.Call) and (
        not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords
    ):
        raise _bad(condition, "only the functions of numexpr can be called")
    if isinstance(node, ast.Constant) and not isinstance(node.value, (bool, int, float, complex, str, bytes)):
        raise _bad(condition, f"{node.value!r} is not supported")
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, (ast.Pow, ast.LShift)):
            if not _is_small(node.right):
                raise _bad(condition, f"an exponent must be a column or a number up to {MAX_EXPONENT}")
            # Powers of powers of numbers would be worked out before the first row is looked at.
            if not isinstance(node.left, ast.Constant) and not _has_name(node.left):
                raise _bad(condition, "a power of a calculated number is not supported")
        if any(_is_text(side) for side in (node.left, node.right)):
            raise _bad(condition, "texts can only be compared")


def _is_small(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (int, float)) and abs(node.value) <= MAX_EXPONENT
    return isinstance(node, ast.Name)


def _has_name(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Name) for part in ast.walk(node))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))


def _bad(condition: str, reason: str) -> Exception:
    shown = condition if len(condition) <= 200 else f"{condition[:200]}…"
    error: Exception = errors.api_usage(f"condition: Bad condition: {shown}: {reason}")
    return error
