"""Many networks in one, which share most of their weights: TabM.

Gorishniy et al., "TabM: Advancing Tabular Deep Learning with Parameter-Efficient Ensembling", 2024,
arXiv:2410.24210. In its variant TabM-mini each member has two things of its own: what the row's
features are multiplied by before the shared layers, and the layer that answers. Members learn each
by itself; what is answered is their mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras


@keras.saving.register_keras_serializable("models.common")
class Ensemble(keras.layers.Layer):
    """The rows once for each member, multiplied by weights of the member's own.

    Layers that follow and look at the last axis alone, `SharedDense` and `Dropout`, are shared.

    Args:
        members: How many networks there are, `k` in the paper; there, 32.

    Shapes: [batch, features] to [batch, members, features].
    """

    def __init__(self, members: int, **options: Any) -> None:
        super().__init__(**options)
        self.members = members

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Adds the weights, from a normal distribution, so that members differ."""
        self.scale = self.add_weight(
            name="scale",
            shape=(self.members, input_shape[-1]),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
        )

    def call(self, rows: keras.KerasTensor) -> keras.KerasTensor:
        """Repeats and scales the rows."""
        return keras.ops.expand_dims(rows, 1) * self.scale

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """[batch, members, features]."""
        return (input_shape[0], self.members, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "members": self.members}


@keras.saving.register_keras_serializable("models.common")
class SharedDense(keras.layers.Dense):
    """A `Dense` that all members share.

    It is Keras' own, of the same arguments, as one product of two matrices. Keras makes one of each
    row's members, which takes more than twice the time.

    Shapes: [batch, members, features] to [batch, members, units].
    """

    def call(self, hidden: keras.KerasTensor, training: bool | None = None) -> keras.KerasTensor:
        """Applies the layer to all members of all rows."""
        members, features = hidden.shape[-2:]
        rows = keras.ops.reshape(hidden, (-1, features))
        return keras.ops.reshape(super().call(rows), (-1, members, self.units))


@keras.saving.register_keras_serializable("models.common")
class MemberDense(keras.layers.Layer):
    """A `Dense` of its own for each member.

    Args:
        units: How many numbers each member answers.
        activation: As of `keras.layers.Dense`; default none.
        bias_initializer: As there; default zeros.

    Shapes: [batch, members, features] to [batch, members, units].
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        bias_initializer: Any = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.units = units
        self.activation = keras.activations.get(activation)
        self.bias_initializer = keras.initializers.get(bias_initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Adds a kernel and a bias for each member."""
        members, features = input_shape[-2:]
        assert features is not None
        limit = (6.0 / (features + self.units)) ** 0.5  # Glorot's, of one member's kernel.
        self.kernel = self.add_weight(
            name="kernel",
            shape=(members, features, self.units),
            initializer=keras.initializers.RandomUniform(-limit, limit),
        )
        self.bias = self.add_weight(
            name="bias", shape=(members, self.units), initializer=self.bias_initializer
        )

    def call(self, hidden: keras.KerasTensor) -> keras.KerasTensor:
        """Answers for each member."""
        answers = keras.ops.einsum("bmf,mfu->bmu", hidden, self.kernel) + self.bias
        return self.activation(answers)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """[batch, members, units]."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }


@keras.saving.register_keras_serializable("models.common")
class EnsembleModel(keras.Model):
    """A network that answers the mean of its members, and trains each by itself.

    Built like any functional model, of inputs and of the members' answers,
    [batch, members, units]. In training the loss is the mean of the members' losses, whatever loss,
    weights of rows and weight of the loss are given to `compile` and `fit`; metrics, the loss of
    the validation, and everything else look at the mean, [batch, units].
    """

    def call(
        self, inputs: Any, training: bool | None = None, mask: Any = None
    ) -> keras.KerasTensor:
        """The members' answers in training, else their mean."""
        members = super().call(inputs, training=training, mask=mask)
        return members if training else keras.ops.mean(members, axis=1)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The mean of the members' losses in training, else the loss of the mean."""
        if training:
            members, units = y_pred.shape[1:]
            y = keras.ops.repeat(y, members, axis=0)
            y_pred = keras.ops.reshape(y_pred, (-1, units))
            if sample_weight is not None:
                sample_weight = keras.ops.repeat(sample_weight, members, axis=0)
        return super().compute_loss(x, y, y_pred, sample_weight, training=training)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> Mapping[str, Any]:
        """Metrics of the mean."""
        if len(y_pred.shape) == 3:
            y_pred = keras.ops.mean(y_pred, axis=1)
        return super().compute_metrics(x, y, y_pred, sample_weight)
