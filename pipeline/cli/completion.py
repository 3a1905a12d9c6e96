"""What a shell completes: commands, options, and the names of models, runs, nodes and targets.

The program is `python -m pipeline`, so that the shell has to ask about the command `python`; for
whatever else Python runs it completes as before. `python -m serving` is asked in the same way.
"""

from __future__ import annotations

import os
from pathlib import Path

import typer
from typer._completion_classes import completion_init

from models.common.errors import RunError
from pipeline.config import platform_names, project
from pipeline.record import run_folder

VARIABLE = "_PIPELINE_COMPLETE"
"""The environment variable by which the shell's script asks for completions."""
SHELLS = ("bash", "zsh")

_BASH = """\
# Completes `python -m pipeline` and `python -m serving`, with whatever Python it is.
_python_module_completion() {
    local module="${COMP_WORDS[2]}"
    if [[ "${COMP_WORDS[1]}" == -m && $COMP_CWORD -gt 2 && $module =~ ^(pipeline|serving)$ ]]; then
        local IFS=$'\\n'
        COMPREPLY=( $(IFS=' '; env COMP_WORDS="${COMP_WORDS[*]:2}" COMP_CWORD=$((COMP_CWORD - 2)) \\
            "_${module^^}_COMPLETE=complete_bash" "${COMP_WORDS[0]}" -m "$module" 2>/dev/null) )
    fi
}
complete -o bashdefault -o default -F _python_module_completion \\
    python python3 .venv/bin/python ./.venv/bin/python
"""
_ZSH = """\
# Completes `python -m pipeline` and `python -m serving`, with whatever Python it is.
autoload -Uz compinit && compinit
_python_module_completion() {
    local module="${words[3]}"
    if [[ "${words[2]}" == -m && $CURRENT -gt 3 && "$module" =~ '^(pipeline|serving)$' ]]; then
        eval "$(env _TYPER_COMPLETE_ARGS="${words[3,$CURRENT]}" \\
            "_${(U)module}_COMPLETE=complete_zsh" "${words[1]}" -m "$module" 2>/dev/null)"
    else
        _default
    fi
}
compdef _python_module_completion python python3 .venv/bin/python ./.venv/bin/python
"""
_SCRIPTS = {"bash": _BASH, "zsh": _ZSH}


def prepare() -> None:
    """Lets the program answer a shell that asks it for completions."""
    if VARIABLE in os.environ:
        completion_init()


def show(wanted: bool) -> None:
    """Prints the script for the shell that this was typed in, and ends the program."""
    if wanted:
        print(_SCRIPTS[_shell()], end="")
        raise typer.Exit


def install(wanted: bool) -> None:
    """Keeps the script in the user's home, has new shells read it, and ends the program."""
    if not wanted:
        return
    shell = _shell()
    script = Path.home() / f".{shell}_completions" / "python-m-pipeline.sh"
    starts = Path.home() / f".{shell}rc"
    script.parent.mkdir(exist_ok=True)
    script.write_text(_SCRIPTS[shell], encoding="utf-8")
    line = f"source '{script}'"
    present = starts.read_text(encoding="utf-8") if starts.exists() else ""
    if line not in present.splitlines():
        with starts.open("a", encoding="utf-8") as file:
            file.write(f"{'' if present.endswith(chr(10)) or not present else chr(10)}{line}\n")
    print(f"Wrote {script}, which new shells read by a line in {starts}.\nIn this one: {line}")
    raise typer.Exit


def _shell() -> str:
    import shellingham

    try:
        name = str(shellingham.detect_shell()[0])
    except shellingham.ShellDetectionFailure:
        name = Path(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise RunError(
            f"There is no completion for the shell '{name or 'unknown'}'",
            f"Expected: {' or '.join(SHELLS)}, as the program that this was typed in, or in SHELL.",
            "Type it in one of these.",
        )
    return name


def models(incomplete: str) -> list[str]:
    """The models whose names begin so."""
    return [name for name in project.model_names(project.ROOT) if name.startswith(incomplete)]


def runs(incomplete: str) -> list[str]:
    """The runs whose ids begin so, newest first."""
    return [one for one in run_folder.latest_first(project.RUNS) if one.startswith(incomplete)]


def runs_and_models(incomplete: str) -> list[str]:
    """Both: a model stands for its latest run."""
    return [*models(incomplete), *runs(incomplete)]


def targets(incomplete: str) -> list[str]:
    """The platforms in the cloud whose names begin so."""
    return [name for name in platform_names.names() if name.startswith(incomplete)]


def nodes(incomplete: str) -> list[str]:
    """The nodes that a pipeline may have, whose names begin so."""
    from pipeline.nodes import ORDER

    return [name for name in ORDER if name.startswith(incomplete)]
