"""What both sides of the rival's app share: the task file that the benchmark writes, and the two models in plain numpy.

numpy and not PyTorch, because it is what gives Flower the best case here: models this small are dominated by the cost of a
call, and importing PyTorch would cost every process seconds and 200 MB.
"""

import json
from functools import lru_cache

import numpy as np


@lru_cache
def read_task(path: str) -> dict:
    """Layers, learning rate, epochs, batch size, and each site's rows, as `bench:fl` wrote them."""
    with open(path, encoding="utf8") as file:
        return json.load(file)


def initial(task: dict) -> list[np.ndarray]:
    """Zeros for a model without hidden layers, else what the benchmark drew."""
    at, flat, arrays = 0, np.array(task["initial"], dtype=np.float32), []
    for inputs, outputs in zip(task["layers"], task["layers"][1:]):
        for shape in ((inputs, outputs), (outputs,)):
            size = int(np.prod(shape))
            arrays.append(flat[at : at + size].reshape(shape).copy())
            at += size
    return arrays


@lru_cache
def rows_of(path: str, site: int) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of a site, float32."""
    rows = read_task(path)["sites"][site]
    return np.array(rows["features"], dtype=np.float32), np.array(rows["labels"], dtype=np.float32)


def train(task: dict, arrays: list[np.ndarray], features: np.ndarray, labels: np.ndarray, random: np.random.Generator) -> list[np.ndarray]:
    """Mini-batch gradient descent with binary cross-entropy for the task's local epochs."""
    weights = [array.copy() for array in arrays]
    depth = len(weights) // 2
    rate = np.float32(task["learningRate"])
    for _ in range(task["localEpochs"]):
        order = random.permutation(len(labels))
        for at in range(0, len(order), task["batchSize"]):
            batch = order[at : at + task["batchSize"]]
            passed = [features[batch]]
            for layer in range(depth):
                output = passed[-1] @ weights[2 * layer] + weights[2 * layer + 1]
                passed.append(np.maximum(output, 0) if layer < depth - 1 else output)
            delta = (1 / (1 + np.exp(-passed[-1])) - labels[batch][:, None]) / np.float32(len(batch))
            for layer in reversed(range(depth)):
                before = delta @ weights[2 * layer].T * (passed[layer] > 0) if layer > 0 else None
                weights[2 * layer] -= rate * (passed[layer].T @ delta)
                weights[2 * layer + 1] -= rate * delta.sum(axis=0)
                delta = before
    return weights
