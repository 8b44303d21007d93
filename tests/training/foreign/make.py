"""Made the logs beside it: ``python make.py FOLDER``, with tensorboard 2.21.0 installed as well.

TensorFlow 2.21 has neither the callback's nor ``tf.summary.scalar``'s other half by itself, and
the tests do without TensorBoard. ``history.json`` holds what ``fit`` returned.
"""

import json
import sys
from pathlib import Path


def main(folder: Path) -> None:
    """Train for three epochs, and write summaries of several kinds."""
    import keras
    import numpy as np
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).random((32, 4)).astype("float32")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    callback = keras.callbacks.TensorBoard(folder / "keras", update_freq="batch", histogram_freq=1)
    history = model.fit(
        x,
        x.sum(1),
        epochs=3,
        batch_size=8,
        verbose=0,
        validation_split=0.25,
        callbacks=[callback],
    ).history
    (folder / "history.json").write_text(json.dumps(history, indent=1) + "\n")

    with tf.summary.create_file_writer(str(folder / "summary")).as_default():
        for step in range(5):
            tf.summary.scalar("loss", 1 / (step + 1), step=10 * step)
            tf.summary.scalar("count", tf.constant(-step, tf.int64), step=10 * step)
            tf.summary.histogram("weights", x, step=step)
            tf.summary.image("picture", np.zeros((1, 400, 400, 3)), step=step)
            tf.summary.text("words", "text", step=step)
        tf.summary.scalar("loss", 9.0, step=40)  # once more, later


if __name__ == "__main__":
    main(Path(sys.argv[1]))
