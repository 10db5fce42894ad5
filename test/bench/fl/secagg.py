"""Flower's own secure-aggregation primitives on the figures' case, CPU seconds: what a site does to mask, what the server does to unmask.

Usage: secagg.py SITES DROPOUTS PARAMETERS. Key agreement and shares are left out, which is in Flower's favour.
"""

import json
import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from flwr.common.secure_aggregation.ndarrays_arithmetic import parameters_addition, parameters_mod, parameters_subtraction
from flwr.common.secure_aggregation.secaggplus_utils import pseudo_rand_gen

sites, dropouts, parameters = map(int, sys.argv[1:4])
# Flower's default modulus; a mask is added or taken away as in its client and server code.
modulus = 1 << 32
shape = [(parameters,)]


def masked(vector: list, masks: int) -> list:
    for at in range(masks):
        mask = pseudo_rand_gen(os.urandom(32), modulus, shape)
        vector = parameters_addition(vector, mask) if at % 2 else parameters_subtraction(vector, mask)
    return parameters_mod(vector, modulus)


def cpu(work) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def server() -> None:
    survivors = sites - dropouts
    total = [np.zeros(parameters, dtype=np.int64)]
    update = [np.ones(parameters, dtype=np.int64)]
    for _ in range(survivors):
        total = parameters_addition(total, update)
    masked(total, survivors * (1 + dropouts))


print(json.dumps({"site": cpu(lambda: masked([np.zeros(parameters, dtype=np.int64)], sites)), "server": cpu(server)}))
