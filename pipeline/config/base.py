"""What every section of a configuration file is made of: its base class and its types."""

from __future__ import annotations

from typing import Annotated, Any, NoReturn

import pydantic
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

MISTAKE = "mistake"
"""The type of the errors raised here. Their context has the `message`, and `at`: the keys below the
section whose validator raised; it may have what was `received` there and what is `known`."""


def refuse(message: str, *at: str, **context: Any) -> NoReturn:
    """Raises an error about the key `at`, below the section whose validator calls this."""
    raise PydanticCustomError(MISTAKE, "{message}", {"message": message, "at": at, **context})


def not_a_boolean(value: Any) -> Any:
    """Refuses true and false where a number is asked for."""
    # To pydantic, true is the number 1; in a config it can only be a slip.
    if isinstance(value, bool):
        refuse("expected a number", received=value)
    return value


Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, BeforeValidator(not_a_boolean), Field(gt=0)]
Bound = Annotated[float, BeforeValidator(not_a_boolean)]


class Section(BaseModel):
    """A mapping of known keys."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    @pydantic.model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, value: Any) -> Any:
        # `splits:` with every line below commented out.
        return {} if value is None else value
