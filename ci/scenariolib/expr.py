# SPDX-License-Identifier: GPL-2.0-only
"""Expressions of assert and let: numbers, names, arithmetic, comparison."""

import ast
import operator

BINARY = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
COMPARE = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt,
    ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}
FUNCTIONS = {"abs": abs, "min": min, "max": max}


class ExprError(Exception):
    """An expression that cannot be parsed or evaluated."""


def _parse(text):
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as err:
        raise ExprError("bad expression '%s'" % text) from err


def _binary(node, names):
    return BINARY[type(node.op)](_value(node.left, names),
                                 _value(node.right, names))


def _compare(node, names):
    left = _value(node.left, names)
    for oper, right_node in zip(node.ops, node.comparators):
        right = _value(right_node, names)
        if not COMPARE[type(oper)](left, right):
            return False
        left = right
    return True


def _value(node, names):
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        if node.id not in names:
            raise ExprError("'%s' has no value yet" % node.id)
        return names[node.id]
    if isinstance(node, ast.BinOp):
        return _binary(node, names)
    if isinstance(node, ast.UnaryOp):
        value = _value(node.operand, names)
        return not value if isinstance(node.op, ast.Not) else -value
    if isinstance(node, ast.BoolOp):
        values = (_value(part, names) for part in node.values)
        return all(values) if isinstance(node.op, ast.And) else any(values)
    if isinstance(node, ast.Compare):
        return _compare(node, names)
    return FUNCTIONS[node.func.id](*(_value(a, names) for a in node.args))


def _allowed(node):
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (int, float, str))
    if isinstance(node, (ast.Name, ast.BoolOp)):
        return True
    if isinstance(node, ast.BinOp):
        return type(node.op) in BINARY
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, (ast.Not, ast.USub))
    if isinstance(node, ast.Compare):
        return all(type(oper) in COMPARE for oper in node.ops)
    if isinstance(node, ast.Call):
        return (isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS
                and node.args and not node.keywords)
    return False


def _check(node):
    if not _allowed(node):
        raise ExprError("an expression has numbers, names, arithmetic, "
                        "comparisons, abs, min, max; not '%s'"
                        % ast.unparse(node))
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr) and not (
                isinstance(node, ast.Call) and child is node.func):
            _check(child)


def check_expr(text):
    """Raises ExprError unless text is an expression of the language."""
    _check(_parse(text))


def evaluate(text, names):
    """The value of an expression, with names bound to numbers or strings."""
    node = _parse(text)
    _check(node)
    try:
        return _value(node, names)
    except (TypeError, ZeroDivisionError) as err:
        raise ExprError("'%s': %s" % (text, err)) from err


def describe(text, names):
    """'a < b [a = 1, b = 2]': an expression with the values it used."""
    used = sorted({node.id for node in ast.walk(_parse(text))
                   if isinstance(node, ast.Name) and node.id in names})
    return "%s [%s]" % (text, ", ".join("%s = %s" % (name, names[name])
                                        for name in used))
