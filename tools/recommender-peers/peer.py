"""peer.py METHOD DIR [VALID] [NAME=VALUE...], peer.py --version - a method of `implicit`, trained on a split.

DIR and VALID are folders that tests/support/rec_split.h writes (raw little-endian arrays):

  shape.u64         users, items
  train_rows.u64    users + 1: where each user's items start in train_cols
  train_cols.u32
  asked.u32         the users that a ranking is wanted of
  test_rows.u64     and test_cols.u32: what each of them should be recommended; read of VALID only

With VALID, the parameters are the ones of GRID that have the best NDCG@10 there, tried one
after the other as said at GRID; without it they are given. The method is then trained on DIR,
and DIR/METHOD.top.u32 gets each asked user's best 20 items (NONE where there are less), without
those of its own: to be judged by whoever asked. Prints one line: seconds of that training
(reading and transposing what implicit wants included), peak of resident memory in KiB, seconds of
processor time, and the parameters.

Methods: als bpr cosine tfidf bm25. Two threads."""

import sys
import time
from pathlib import Path

import implicit
import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
from scipy.sparse import csr_matrix

THREADS = 2
TOP = 20
NONE = 0xFFFFFFFF

# What is tried: first all combinations of the first entry with the others at their first value,
# then those of the second with the best so far, and so on.
GRID = {
    "als": [
        {"alpha": [1, 4, 16], "regularization": [1, 10, 40, 100]},
        {"factors": [64, 32, 128]},
        {"iterations": [15, 30]},
    ],
    "bpr": [
        {"learning_rate": [0.01, 0.03, 0.1], "regularization": [0.01, 0.05, 0.2]},
        {"iterations": [100, 30]},
        {"factors": [64, 16]},
    ],
    "cosine": [{"K": [20, 50, 100, 200, 500]}],
    "tfidf": [{"K": [20, 50, 100, 200, 500]}],
    "bm25": [{"K": [20, 50, 100, 200, 500]}, {"K1": [1.2, 10, 100], "B": [0.75, 0.2]}],
}

CLASSES = {
    "als": AlternatingLeastSquares,
    "bpr": BayesianPersonalizedRanking,
    "cosine": CosineRecommender,
    "tfidf": TFIDFRecommender,
    "bm25": BM25Recommender,
}


class Split:
    def __init__(self, folder):
        folder = Path(folder)
        users, items = np.fromfile(folder / "shape.u64", np.uint64).astype(int)
        rows = np.fromfile(folder / "train_rows.u64", np.int64)
        cols = np.fromfile(folder / "train_cols.u32", np.uint32).astype(np.int32)
        if len(cols) < 2**31:
            rows = rows.astype(np.int32)
        self.train = csr_matrix((np.ones(len(cols), np.float32), cols, rows), (users, items))
        self.asked = np.fromfile(folder / "asked.u32", np.uint32).astype(np.int64)
        self.folder = folder

    def wanted(self):
        rows = np.fromfile(self.folder / "test_rows.u64", np.int64)
        cols = np.fromfile(self.folder / "test_cols.u32", np.uint32)
        return [set(cols[a:b].tolist()) for a, b in zip(rows[:-1], rows[1:])]


def fit(method, split, params):
    seeded = {"random_state": 1} if method in ("als", "bpr") else {}
    if method in ("als", "bpr"):
        seeded["use_gpu"] = False
    model = CLASSES[method](num_threads=THREADS, **seeded, **params)
    model.fit(split.train, show_progress=False)
    return model


def top(method, model, split):
    ranks = np.full((len(split.asked), TOP), NONE, np.uint32)
    for start in range(0, len(split.asked), 1000):
        users = split.asked[start : start + 1000]
        ids, scores = model.recommend(users, split.train[users], N=TOP)
        # Neighbours fill up with item 0 where they know of nothing.
        known = (ids >= 0) & (scores > (-1e30 if method in ("als", "bpr") else 0))
        ranks[start : start + 1000, : ids.shape[1]] = np.where(known, ids, NONE)
    return ranks


def ndcg(ranks, wanted):
    gains = 1 / np.log2(np.arange(2, 12))
    total = 0.0
    for row, items in zip(ranks[:, :10].tolist(), wanted):
        got = sum(g for g, item in zip(gains, row) if item in items)
        total += got / gains[: len(items)].sum()
    return total / max(1, len(wanted))


def combinations(entry):
    names, result = list(entry), [{}]
    for name in names:
        result = [{**r, name: v} for r in result for v in entry[name]]
    return result


def tune(method, split):
    wanted = split.wanted()
    best = {name: values[0] for entry in GRID[method] for name, values in entry.items()}
    tried = {}
    for entry in GRID[method]:
        for change in combinations(entry):
            params = {**best, **change}
            key = tuple(sorted(params.items()))
            if key not in tried:
                tried[key] = ndcg(top(method, fit(method, split, params), split), wanted)
        best = dict(max(tried, key=tried.get))
    return best


def number(text):
    return int(text) if text.lstrip("-").isdigit() else float(text)


def peak_kib():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1])
    return 0


def main():
    if sys.argv[1:] == ["--version"]:
        print(f"implicit {implicit.__version__}")
        return
    method, folder, *rest = sys.argv[1:]
    valid = [word for word in rest if "=" not in word]
    params = {n: number(v) for n, v in (word.split("=") for word in rest if "=" in word)}
    if valid:
        params = tune(method, Split(valid[0]))
    split = Split(folder)
    start, cpu = time.monotonic(), time.process_time()
    model = fit(method, split, params)
    seconds, cpu = time.monotonic() - start, time.process_time() - cpu
    peak = peak_kib()
    top(method, model, split).tofile(split.folder / f"{method}.top.u32")
    said = " ".join(f"{name}={value}" for name, value in params.items())
    print(f"{seconds:.3f}\t{peak}\t{cpu:.3f}\t{said}")


if __name__ == "__main__":
    main()
