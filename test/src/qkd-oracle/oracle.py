"""Values of the package `qkd` (github.com/plutoniumm/qkd, MIT): reads cases as JSON from stdin, writes their values as JSON."""
import json
import sys

from qkd import _core as core


def finite(case):
    """Lim et al. 2014, from counts."""
    intensities, probs, key, check, wrong = (tuple(case[name]) for name in ("intensities", "probabilities", "key", "check", "checkErrors"))
    eps = case["secrecyEpsilon"] / 21
    vacuum, single = core.decoy_counts(*intensities, probs, key, eps)
    _, check_single = core.decoy_counts(*intensities, probs, check, eps)
    errors = core.decoy_errors(*intensities, probs, wrong, eps)
    phase = core.bb84_phase(errors, check_single, single, case["secrecyEpsilon"])
    length = core.bb84_length(vacuum, single, phase, sum(key), case["qber"], case["efficiency"], case["secrecyEpsilon"], case["correctnessEpsilon"])
    return {"vacuum": vacuum, "single": single, "checkSingle": check_single, "checkSingleErrors": errors, "phaseError": phase, "bits": length}


def decoy(case):
    """Asymptotic rates of Ma et al. 2005."""
    link, mean, weak = case["link"], case["mean"], case["weak"]
    eta = core.decoy_eta(link["lossDbPerKm"], case["fiberKm"], link["receiverTransmittance"])
    noise = (link["darkYield"], link["misalignment"])
    signal, dim = core.decoy_gain(mean, eta, *noise), core.decoy_gain(weak, eta, *noise)
    single, error = core.decoy_ideal(eta, *noise)
    bound, error_bound, _ = core.decoy_bounds(mean, weak, 0.0, *signal, *dim, link["darkYield"], 0.5)
    return {"gain": signal[0], "errorRate": signal[1], "yield": single, "singleErrorRate": error, "yieldBound": bound, "errorBound": error_bound}


KINDS = {
    "finite": finite,
    "decoy": decoy,
    "oneBasis": lambda case: core.eur_length(case["keyBits"], case["checkBits"], 1.0, case["errorRate"], case["leak"], case["secrecyEpsilon"], case["correctnessEpsilon"]),
    "sixState": lambda case: core.sixstate_secret(case["qber"], case["qber"], case["qber"], 1.0),
    "deviceIndependent": lambda case: core.ekert_rate(1.0, case["qber"], case["chsh"], 1.0, 1.0, "measured"),
    "pairs": lambda case: core.pair_rate(1.0, case["qber"], case["qber"], case["efficiency"], 1.0),
    "cascade": lambda case: core.cascade_run(case["qber"], case["frameBits"], case["sizes"], case["reuse"], 7, case["frames"])[0],
}

json.dump([KINDS[case["kind"]](case) for case in json.load(sys.stdin)], sys.stdout)
