"""Pooled features are those of the weights as they are now, and their model lives as long as the task's."""

import gc
import weakref

import keras
import numpy as np

from headstart.progress import SILENT
from headstart.training import pooled_features


def plain_features(task, examples):
    rows = np.stack([np.arange(len(examples.validation_source)), np.zeros(len(examples.validation_source), np.int64)])
    return pooled_features(task, examples.validation_source, rows, cut=None, progress=SILENT)


def test_features_follow_weights_that_changed_since_they_were_asked_for(small_classifier, examples):
    task = small_classifier()
    pooled = keras.Model(task.model.input, task.model.get_layer("head_pool").output)
    images = examples.validation_source.load_all()
    before = plain_features(task, examples)
    np.testing.assert_allclose(before, pooled.predict(images, verbose=0), rtol=1e-4, atol=1e-4)
    for variable in task.model.trainable_variables:
        variable.assign(variable * 1.5)
    after = plain_features(task, examples)
    assert np.abs(after - before).max() > 1e-3
    np.testing.assert_allclose(after, pooled.predict(images, verbose=0), rtol=1e-4, atol=1e-4)


def test_no_model_is_kept_alive(small_classifier, examples):
    task = small_classifier()
    plain_features(task, examples)
    model = weakref.ref(task.model)
    del task
    gc.collect()
    assert model() is None


def test_the_model_is_built_once(small_classifier, examples, monkeypatch):
    task = small_classifier()
    before = plain_features(task, examples)
    monkeypatch.delitem(pooled_features.__globals__, "cut_model")
    np.testing.assert_array_equal(plain_features(task, examples), before)
