"""Questions on a terminal, where a table does not say by itself what it holds."""

from __future__ import annotations

from collections.abc import Sequence

from models.common.errors import did_you_mean


def ask(question: str, proposed: str, others: Sequence[str]) -> str:
    """Asks until one of the answers is given; an empty line is the proposed one.

    Args:
        question: What is asked.
        proposed: What is taken where nothing is said.
        others: The other answers.
    """
    answers = [proposed, *others]
    print(question)
    while True:
        try:
            given = input(f"  {' / '.join(answers)} [{proposed}]: ").strip()
        except EOFError:
            print()
            return proposed
        if not given:
            return proposed
        if given in answers:
            return given
        starting = [answer for answer in answers if answer.startswith(given)]
        if len(starting) == 1:
            return starting[0]
        print(f"  '{given}' is none of them{did_you_mean(given, answers)}")
