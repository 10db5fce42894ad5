"""What each node does in a round: train on its own rows from the global model."""

import os

# One thread a process: four nodes share the machine, and models this small gain nothing from more.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from epione_rival.task import read_task, rows_of, train

app = ClientApp()


@app.train()
def train_here(message: Message, context: Context) -> Message:
    """Trains, and answers with the parameters and how many rows they come from."""
    path = str(message.content["config"]["task"])
    features, labels = rows_of(path, int(context.node_config["partition-id"]))
    weights = train(read_task(path), message.content["arrays"].to_numpy_ndarrays(), features, labels, np.random.default_rng(int(message.content["config"]["server-round"])))
    content = RecordDict({"arrays": ArrayRecord(weights), "metrics": MetricRecord({"num-examples": len(labels)})})
    return Message(content=content, reply_to=message)
