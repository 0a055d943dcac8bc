"""`micrograd completion bash|zsh|tcsh`: the script that completes this command line in a shell, written by shtab (extra `completion`)."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Any

from micrograd.cli.assignments import Refused
from micrograd.cli.parser import whole

SHELLS = ("bash", "zsh", "tcsh")
ABOUT = """\
  micrograd completion bash > ~/.local/share/bash-completion/completions/micrograd
  micrograd completion zsh > ~/.zfunc/_micrograd          (with fpath+=~/.zfunc before compinit)
  micrograd completion tcsh | sudo tee /etc/profile.d/micrograd.completion.csh
"""


def options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("expression", metavar="SHELL", nargs="?", choices=SHELLS, help="bash, zsh or tcsh")


def completion(args: Any) -> int:
    """Print the script."""
    try:
        shtab: Any = import_module("shtab")
    except ImportError as missing:
        raise Refused("completion needs shtab: pip install 'micrograd-lab[completion]'") from missing
    parser = whole()
    for sub in next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction)).choices.values():
        for action in sub._actions:
            if action.dest == "output" or action.metavar in ("FILE.py:NAME", "FILE.py[:Class]", "EXERCISES", "ANSWER"):
                action.complete = shtab.FILE
    print(shtab.complete(parser, shell=args.expression))
    return 0
