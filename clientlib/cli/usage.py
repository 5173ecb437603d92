"""A command that was typed wrong, told in Chinese; in English typer's own panel tells it.

Typer's errors carry their facts as attributes. What they say besides is English, and not repeated.
"""

from __future__ import annotations

import re
from typing import Any

import typer

from clientlib.errors import ParameterError

UsageError: type[Any] = typer.BadParameter.__mro__[1]
"""What all of typer's errors of usage are; it has no public name there."""
_QUOTED = re.compile(r"'([^']+)'")
_EXTRA = re.compile(r"extra arguments?(?:\(s\))? \((.+)\)")


def in_chinese(error: Any) -> ParameterError:
    """The same, to be told as errors of our own are."""
    command = error.ctx.command_path if error.ctx is not None else "clientlib"
    return ParameterError(error.format_message(), f"{_said(error)}用法见：{command} --help")


def is_help(error: Any) -> bool:
    """Whether it only stands for the help of a group that was called without a command."""
    return type(error).__name__ == "NoArgsIsHelpError"


def _said(error: Any) -> str:
    if hasattr(error, "possibilities"):
        return f"没有选项 {error.option_name}。{_likely(sorted(error.possibilities or ()))}"
    if hasattr(error, "option_name"):
        return f"选项 {error.option_name} 的写法不对：缺少其值，或不应带值。"
    if isinstance(error, typer.BadParameter):
        # Only what is missing says what kind of parameter it is.
        missing = hasattr(error, "param_type")
        return f"缺少 {_name(error.param)}。" if missing else f"{_name(error.param)} 的值不可用。"
    if error.message.startswith("No such command"):
        typed, *likely = _QUOTED.findall(error.message)
        return f"没有命令 {typed}。{_likely(likely)}"
    if extra := _EXTRA.search(error.message):
        return f"多出了参数 {extra[1]}。"
    return "命令的写法不对。"


def _likely(names: list[str]) -> str:
    return f"是否指 {'、'.join(names)}？" if names else ""


def _name(parameter: Any) -> str:
    """What a parameter is called in the help."""
    if parameter is None:
        return "参数"
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name)
    return " / ".join(parameter.opts)
