"""A SavedModel without a network, in seconds: y = 2x + the name's length, for rows with tags."""

from __future__ import annotations

from pathlib import Path


def write(folder: Path, weight: float = 2.0, unlucky: float = 13.0) -> None:
    """Writes it with the signatures `serving_default`, of named columns, and `serving_examples`.

    Of its inputs x is required; name and tags may be left out. An x that is unlucky makes
    TensorFlow fail.
    """
    import tensorflow as tf

    class Model(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = tf.Variable(weight)

    model = Model()

    def answer(x: tf.Tensor, name: tf.Tensor, tags: tf.Tensor) -> dict[str, tf.Tensor]:
        lucky = tf.debugging.assert_none_equal(x, unlucky, message=f"{unlucky:g} is out of luck")
        with tf.control_dependencies([lucky]):
            y = model.weight * x + tf.cast(tf.strings.length(name), tf.float32)
        zeros = tf.zeros_like(x)
        tagged = zeros + tf.cast(tf.reduce_sum(tags, axis=-1), tf.float32)
        return {
            "y": y[:, None],
            "both": tf.stack([y, tagged], axis=1),
            "kind": tf.where(y > 10, "large", "small"),
        }

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.float32, "x"),
            tf.TensorSpec([None], tf.string, "name"),
            tf.TensorSpec([None, None], tf.int64, "tags"),
        ]
    )
    def serving_default(x, name=tf.constant([""]), tags=tf.zeros([1, 1], tf.int64)):  # type: ignore[no-untyped-def]  # noqa: B008
        return answer(x, name, tags)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "inputs")])
    def serving_examples(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = {
            "x": tf.io.FixedLenFeature([], tf.float32),
            "name": tf.io.FixedLenFeature([], tf.string, ""),
        }
        parsed = tf.io.parse_example(inputs, spec)
        return answer(parsed["x"], parsed["name"], tf.zeros([1, 1], tf.int64))

    tf.saved_model.save(
        model,
        str(folder),
        {"serving_default": serving_default, "serving_examples": serving_examples},
    )


def write_counting(folder: Path) -> None:
    """Writes a SavedModel that counts to its largest x, and answers y = 2x: for as long as is asked
    for, and without end to the infinite.
    """
    import tensorflow as tf

    class Model(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = tf.Variable(2.0)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
        def answer(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
            last = tf.cast(tf.reduce_max(tf.reshape(x, [-1])), tf.float64)
            count = tf.while_loop(
                lambda count: count < last, lambda count: (count + 1.0,), (tf.zeros((), "float64"),)
            )[0]
            return {"y": self.weight * x + tf.cast(0 * tf.minimum(count, 1.0), tf.float32)}

    model = Model()
    tf.saved_model.save(model, str(folder), {"serving_default": model.answer})
