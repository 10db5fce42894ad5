"""What the server does: federated averaging weighted by rows, without evaluation rounds, which we do not have either."""

import os

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Context
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

from epione_rival.task import initial, read_task


def run(grid: Grid, path: str, rounds: int) -> None:
    """Runs all rounds and leaves the model beside the task file."""
    task = read_task(path)
    nodes = len(task["sites"])
    strategy = FedAvg(fraction_evaluate=0.0, min_train_nodes=nodes, min_available_nodes=nodes)
    result = strategy.start(grid=grid, initial_arrays=ArrayRecord(initial(task)), num_rounds=rounds, train_config=ConfigRecord({"task": path}))
    np.concatenate([array.ravel() for array in result.arrays.to_numpy_ndarrays()]).astype("<f4").tofile(f"{os.path.splitext(path)[0]}.f32")


app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """As `flwr run` starts it, with the task file and the number of rounds from the run's configuration."""
    run(grid, str(context.run_config["task"]), int(context.run_config["rounds"]))
