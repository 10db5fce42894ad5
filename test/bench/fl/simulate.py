"""Flower's simulation in one call, without the packaging and the server that `flwr run` would add: its best case.

Usage: simulate.py TASK.json ROUNDS
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# Ray's workers import the client by its name.
os.environ["PYTHONPATH"] = sys.path[0]

from flwr.app import Context
from flwr.serverapp import Grid, ServerApp
from flwr.simulation import run_simulation

from epione_rival.client import app as client
from epione_rival.server import run
from epione_rival.task import read_task

path, rounds = os.path.abspath(sys.argv[1]), int(sys.argv[2])
server = ServerApp()


@server.main()
def main(grid: Grid, context: Context) -> None:
    run(grid, path, rounds)


nodes = len(read_task(path)["sites"])
# Ray's dashboard is of no use here; a node is given one processor, so that as many train at once as the machine has.
run_simulation(server, client, nodes, backend_config={"init_args": {"include_dashboard": False}, "client_resources": {"num_cpus": 1, "num_gpus": 0}})
