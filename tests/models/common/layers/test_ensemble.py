"""The ensemble beside plain numpy, and how it trains, judges and answers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from models.common.layers.ensemble import Ensemble, EnsembleModel, MemberDense, SharedDense

ROWS = np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0], [-2.0, 1.0, 1.0]], np.float32)
MEMBERS = 4


def network(units: int = 1, activation: str = "sigmoid", seed: int = 0) -> EnsembleModel:
    """An ensemble with a shared layer."""
    keras.utils.set_random_seed(seed)
    row = keras.Input([3])
    hidden = SharedDense(5, "relu")(Ensemble(MEMBERS)(row))
    return EnsembleModel(row, MemberDense(units, activation)(hidden))


def answers(model: EnsembleModel, rows: np.ndarray) -> np.ndarray:
    """Each member's answer in numpy, [batch, members, units], of a network with a sigmoid."""
    scale, shared, shared_bias, kernel, bias = (np.float64(one) for one in model.get_weights())
    found = np.zeros([len(rows), MEMBERS, kernel.shape[-1]])
    for number in range(MEMBERS):
        hidden = np.maximum(rows * scale[number] @ shared + shared_bias, 0)
        found[:, number] = 1 / (1 + np.exp(-(hidden @ kernel[number] + bias[number])))
    return found


def cross_entropy(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Of each row."""
    return -(labels * np.log(probabilities) + (1 - labels) * np.log(1 - probabilities))


def test_members_share_the_layer_between_and_the_answer_is_their_mean() -> None:
    model = network()
    members = answers(model, ROWS)
    np.testing.assert_allclose(model(ROWS, training=True), members, rtol=1e-4)
    np.testing.assert_allclose(model(ROWS), members.mean(axis=1), rtol=1e-4)
    np.testing.assert_allclose(model.predict(ROWS, verbose=0), members.mean(axis=1), rtol=1e-4)
    assert members.std(axis=1).min() > 0.001


@pytest.mark.slow
@pytest.mark.parametrize("weights", [None, np.array([1.0, 0.0, 5.0], np.float32)])
def test_training_takes_the_mean_of_the_losses_and_validation_the_loss_of_the_mean(
    weights: np.ndarray | None,
) -> None:
    model = network()
    labels = np.array([[1.0], [0.0], [1.0]], np.float32)
    model.compile("sgd", "binary_crossentropy", metrics=["mae"], weighted_metrics=["mse"])
    members = answers(model, ROWS)
    counts = np.ones(3) if weights is None else weights
    by_member = cross_entropy(labels[:, None], members)[..., 0].mean(axis=1)
    mean = members.mean(axis=1)

    judged = model.evaluate(ROWS, labels, sample_weight=weights, verbose=0, return_dict=True)
    assert judged["loss"] == pytest.approx(
        (cross_entropy(labels, mean)[:, 0] * counts).mean(), rel=1e-4
    )
    # One batch: the metrics are those of the network before its step.
    learnt = model.fit(ROWS, labels, sample_weight=weights, verbose=0).history
    assert learnt["loss"][0] == pytest.approx((by_member * counts).mean(), rel=1e-4)
    for metrics in (judged, {name: values[0] for name, values in learnt.items()}):
        assert metrics["mae"] == pytest.approx(np.abs(labels - mean).mean(), rel=1e-4)
        squares = np.average((labels - mean)[:, 0] ** 2, weights=counts)
        assert metrics["mse"] == pytest.approx(squares, rel=1e-4)


def test_each_member_learns_as_if_it_were_alone() -> None:
    """What a member's own layer learns in a step is what it would learn alone, over the members."""
    model = network()
    labels = np.array([[1.0], [0.0], [1.0]], np.float32)
    members = answers(model, ROWS)
    *_, before = (np.float64(one) for one in model.get_weights())
    model.compile(keras.optimizers.SGD(1.0), "binary_crossentropy")
    model.fit(ROWS, labels, verbose=0)
    expected = before - (members - labels[:, None]).mean(axis=0) / MEMBERS
    np.testing.assert_allclose(model.get_weights()[-1], expected, rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "units", "activation", "labels"),
    [
        ("sparse_categorical_crossentropy", 3, "softmax", [[0], [2], [1]]),
        ("binary_crossentropy", 2, "sigmoid", [[0, 1], [1, 1], [0, 0]]),
        ("mean_squared_error", 1, "linear", [[1.5], [-2.0], [0.0]]),
        ("poisson", 1, "exponential", [[3], [0], [1]]),
    ],
)
def test_it_learns_every_kind_of_label(loss: str, units: int, activation: str, labels: Any) -> None:
    model = network(units, activation)
    model.compile(keras.optimizers.Adam(0.03), loss, steps_per_execution=4)
    history = model.fit(ROWS, np.array(labels), epochs=60, batch_size=2, verbose=0).history
    assert history["loss"][-1] < 0.7 * history["loss"][0] or loss == "poisson"
    assert model.evaluate(ROWS, np.array(labels), verbose=0) < history["loss"][0]
    assert model(ROWS).shape == (3, units)


def test_it_comes_back_from_its_config() -> None:
    model = network(2, "softmax")
    again = EnsembleModel.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again(ROWS), model(ROWS))


def test_shapes_are_known_before_the_weights_are() -> None:
    assert Ensemble(8).compute_output_shape((None, 5)) == (None, 8, 5)
    assert SharedDense(3).compute_output_shape((None, 8, 5)) == (None, 8, 3)
    assert MemberDense(2).compute_output_shape((None, 8, 5)) == (None, 8, 2)


def test_a_shared_layer_is_keras_own() -> None:
    hidden = np.random.default_rng(0).normal(size=(3, MEMBERS, 6)).astype(np.float32)
    shared, plain = SharedDense(5, "relu"), keras.layers.Dense(5, "relu")
    assert shared(hidden).shape == plain(hidden).shape
    plain.set_weights(shared.get_weights())
    np.testing.assert_allclose(shared(hidden), plain(hidden), atol=1e-6)


def test_a_start_may_be_given_to_the_answers() -> None:
    made = MemberDense(1, bias_initializer=keras.initializers.Constant(7.0))
    text = keras.saving.serialize_keras_object(made)
    again = keras.saving.deserialize_keras_object(text)
    assert np.asarray(again(np.zeros([1, 3, 2], np.float32))).tolist() == [[[7.0]] * 3]
