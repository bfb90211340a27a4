"""Runs inside the peers' environment (`lab/peers.py` makes it): trains their classes, writes choices and times.

It imports nothing of Unisono. Weights that come from a model hub cannot be downloaded here; where a peer's encoder
needs them, its architecture runs with random weights and only its time counts.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace

import numpy as np

os.environ.setdefault("OPENAI_API_KEY", "unused")  # RouteLLM's module makes a client when it is imported
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pandas as pd
import torch
import yaml

torch.set_num_threads(1)
N_TIMED = 60
N_RANKED = 400
"""Prompts per set for the similarity-weighted ranking: it fits a regression for every prompt."""


def main(folder: Path) -> None:
    """Read what `lab/peers.py` exported, write `peers.json` beside it."""
    given = json.loads((folder / "given.json").read_text())
    arrays = np.load(folder / "given.npz")
    vectors = dict(zip(given["texts"], arrays["vectors"], strict=True))
    out: dict = {"chosen": {}, "pairs": {}, "times": {}}
    for name, part in given["sets"].items():
        out["chosen"][name] = llmrouter(name, part, vectors, out["times"], given["timed"])
    out["pairs"] = routellm(given, vectors, out["times"])
    semantic(given, vectors, out["times"])
    (folder / "peers.json").write_text(json.dumps(out))


def timed(work: Callable[[str], object], prompts: list[str]) -> list[float]:
    """Return the wall times of one call each, in milliseconds."""
    for prompt in prompts[:3]:
        work(prompt)
    spent = []
    for prompt in prompts[:N_TIMED]:
        started = perf_counter()
        work(prompt)
        spent.append(1000 * (perf_counter() - started))
    return spent


# ------------------------------------------------------------------------------------------ LLMRouter


def llmrouter(name: str, part: dict, vectors: dict, times: dict, prompts: list[str]) -> dict:
    """Train LLMRouter's kNN, SVM, MLP and MF by its own trainers, with the exported embedding as the encoder."""
    from llmrouter.models.knnrouter import KNNRouter, KNNRouterTrainer
    from llmrouter.models.mfrouter import MFRouter, MFRouterTrainer
    from llmrouter.models.mlprouter import MLPRouter, MLPTrainer
    from llmrouter.models.svmrouter import SVMRouter, SVMRouterTrainer

    work = Path(tempfile.mkdtemp())
    rows = [
        {"task_name": name, "query": q, "model_name": m, "performance": s, "embedding_id": i}
        for i, (q, scores) in enumerate(zip(part["train"], part["scores"], strict=True))
        for m, s in zip(part["models"], scores, strict=True)
        if s is not None
    ]
    (work / "train.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    torch.save(
        {i: torch.tensor(vectors[q], dtype=torch.float32) for i, q in enumerate(part["train"])}, work / "vectors.pt"
    )
    chosen: dict[str, list[str]] = {}
    heads = {
        "kNN": (KNNRouter, KNNRouterTrainer, {"n_neighbors": 5, "metric": "cosine", "weights": "distance"}),
        "SVM": (SVMRouter, SVMRouterTrainer, {"kernel": "rbf", "C": 1.0, "gamma": "scale"}),
        "MLP": (MLPRouter, MLPTrainer, {"hidden_layer_sizes": [128, 64], "lr": 1e-3, "epochs": 15, "batch_size": 32}),
        "MF": (MFRouter, MFRouterTrainer, {"latent_dim": 128, "text_dim": 256, "lr": 1e-3, "epochs": 3}),
    }
    for label, (router_class, trainer_class, hparam) in heads.items():
        print(f"LLMRouter {label} on {name}", flush=True)
        config = {
            "data_path": {
                "routing_data_train": str(work / "train.jsonl"),
                "query_embedding_data": str(work / "vectors.pt"),
            },
            "model_path": {key: str(work / f"{label}.pkl") for key in ("save_model_path", "load_model_path")}
            | {"ini_model_path": ""},
            "hparam": hparam,
            "metric": {"weights": {}},
        }
        file = work / f"{label}.yaml"
        file.write_text(yaml.safe_dump(config))
        torch.manual_seed(1)
        router = router_class(str(file))
        module = sys.modules[router_class.__module__]
        trainer_class(router).train()
        module.get_longformer_embedding = lambda text: torch.tensor(vectors[text], dtype=torch.float32)
        reads = module.load_model
        module.load_model = functools.cache(reads)  # its code reads the file again for every prompt
        chosen[label] = [router.route_single({"query": text})["model_name"] for text in part["test"]]
        module.load_model = reads
        if name != "mmlu_pro":
            continue
        times[f"LLMRouter {label}, embedding handed in (its head alone)"] = timed(
            lambda text, router=router: router.route_single({"query": text}), prompts
        )
        if label == "kNN":
            encode = longformer()
            module.get_longformer_embedding = lambda text, encode=encode: encode(text)[:256]
            times["LLMRouter kNN with its encoder (Longformer-base, random weights)"] = timed(
                lambda text, router=router: router.route_single({"query": text}), prompts[:8]
            )
    return chosen


def longformer() -> Callable[[str], torch.Tensor]:
    """Return LLMRouter's default encoder with random weights: the same work, no meaning. Token ids are made up."""
    from transformers import LongformerConfig, LongformerModel

    config = LongformerConfig(
        max_position_embeddings=4098, attention_window=512, type_vocab_size=1, pad_token_id=1, vocab_size=50265
    )
    model = LongformerModel(config).eval()

    def encode(text: str) -> torch.Tensor:
        n = max(8, len(text) // 4)
        with torch.no_grad():
            ids = torch.arange(10, 10 + n)[None]
            hidden = model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        return hidden.mean(dim=1)[0]

    return encode


# ------------------------------------------------------------------------------------------- RouteLLM


def routellm(given: dict, vectors: dict, times: dict) -> dict:
    """Train RouteLLM's matrix factorisation, run its similarity-weighted ranking, time its BERT head."""
    from routellm.routers.matrix_factorization import model as mf

    mf.OPENAI_CLIENT = SimpleNamespace(embeddings=SimpleNamespace(create=embedder(vectors)))
    found: dict = {name: {} for name in given["pairs"]}
    for source, pairs in given["battles"].items():
        print(f"RouteLLM MF on {source}: {len(pairs)} pairs", flush=True)
        model = factorised(mf, pairs, vectors)
        strong, weak = mf.MODEL_IDS["gpt-4-1106-preview"], mf.MODEL_IDS["mixtral-8x7b-instruct-v0.1"]
        for name, texts in given["pairs"].items():
            found[name][f"RouteLLM MF, trained on {source}"] = [
                float(model.pred_win_rate(strong, weak, text)) for text in texts
            ]
        times["RouteLLM MF, embedding handed in (its head alone)"] = timed(
            functools.partial(model.pred_win_rate, strong, weak), given["timed"]
        )
    ranker = similarity(given["arena"], vectors)
    for name, texts in given["pairs"].items():
        print(f"RouteLLM SW on {name}", flush=True)
        found[name]["RouteLLM SW ranking, arena votes"] = [float(ranker(text)) for text in texts[:N_RANKED]]
    times["RouteLLM SW ranking, embedding handed in"] = timed(ranker, given["timed"][:20])
    times["RouteLLM BERT head (XLM-R-base, random weights)"] = timed(bert(), given["timed"][:30])
    return found


def embedder(vectors: dict) -> Callable:
    """Return what stands in for the embeddings endpoint."""

    def create(*, input: list[str], model: str):  # noqa: A002
        return SimpleNamespace(data=[SimpleNamespace(embedding=vectors[text].tolist()) for text in input])

    return create


def factorised(mf, pairs: list, vectors: dict):
    """Train its MFModel as its script does: Adam 3e-4, decay 1e-5, noise .1 on the embedding, batches of 64."""
    torch.manual_seed(1)
    model = mf.MFModel(dim=128, num_models=64, text_dim=256, num_classes=1, use_proj=True)
    win = torch.tensor([mf.MODEL_IDS[w] for w, _, _ in pairs])
    lose = torch.tensor([mf.MODEL_IDS[x] for _, x, _ in pairs])
    prompts = torch.tensor(np.array([vectors[text] for _, _, text in pairs]), dtype=torch.float32)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-4, weight_decay=1e-5)
    loss_of = torch.nn.BCEWithLogitsLoss()
    n_epochs = max(3, min(100, round(10_000 * 64 / len(pairs))))
    for _ in range(n_epochs):
        for batch in torch.randperm(len(pairs)).split(64):
            first, second = (torch.nn.functional.normalize(model.P(part[batch]), p=2, dim=1) for part in (win, lose))
            text = model.text_proj(prompts[batch] + 0.1 * torch.randn(len(batch), 256))
            logits = model.classifier((first - second) * text).squeeze(-1)
            optimiser.zero_grad()
            loss_of(logits, torch.ones_like(logits)).backward()
            optimiser.step()
    return model.eval()


def similarity(arena: list, vectors: dict) -> Callable[[str], float]:
    """Return its similarity-weighted ranking over the votes at hand, by its own functions."""
    from routellm.routers.routers import SWRankingRouter
    from routellm.routers.similarity_weighted.utils import compute_elo_mle_with_tie, compute_tiers

    battles = pd.DataFrame(arena, columns=["model_a", "model_b", "winner", "prompt"])
    tiers = compute_tiers(compute_elo_mle_with_tie(battles), num_tiers=10)
    router = SWRankingRouter.__new__(SWRankingRouter)
    router.model2tier = tiers
    router.strong_model, router.weak_model = "gpt-4-1106-preview", "mixtral-8x7b-instruct-v0.1"
    router.embedding_model = "exported"
    router.arena_conv_embedding = np.array([vectors[text] for text in battles["prompt"]], dtype=np.float64)
    router.arena_df = battles.assign(model_a=battles["model_a"].map(tiers), model_b=battles["model_b"].map(tiers))
    sys.modules["routellm.routers.routers"].OPENAI_CLIENT = SimpleNamespace(
        embeddings=SimpleNamespace(create=embedder(vectors))
    )
    return router.calculate_strong_win_rate


def bert() -> Callable[[str], object]:
    """Return its BERT head's forward pass at XLM-R-base's size, random weights, made-up token ids."""
    from transformers import XLMRobertaConfig, XLMRobertaForSequenceClassification

    config = XLMRobertaConfig(num_labels=3, max_position_embeddings=514, vocab_size=250_002, type_vocab_size=1)
    model = XLMRobertaForSequenceClassification(config).eval()

    def run(text: str) -> object:
        ids = torch.arange(10, 10 + max(8, min(510, len(text) // 4)))[None]
        with torch.no_grad():
            return model(input_ids=ids).logits.numpy()

    return run


# ------------------------------------------------------------------------------------ semantic-router


def semantic(given: dict, vectors: dict, times: dict) -> None:
    """Time semantic-router's decision with ten routes of ten utterances each."""
    from semantic_router import IndexedRouter, Route
    from semantic_router.encoders import DenseEncoder
    from semantic_router.index.local import LocalIndex
    from transformers import BertConfig, BertModel

    print("semantic-router", flush=True)
    utterances = given["utterances"]
    routes = [Route(name=f"r{i}", utterances=utterances[10 * i : 10 * i + 10]) for i in range(10)]

    class HandedIn(DenseEncoder):
        def __call__(self, docs: list[str]) -> list[list[float]]:
            return [vectors[text].tolist() for text in docs]

    size = BertConfig(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)
    mini = BertModel(size).eval()

    class MiniLM(DenseEncoder):
        def __call__(self, docs: list[str]) -> list[list[float]]:
            found = []
            for text in docs:
                ids = torch.arange(10, 10 + max(8, min(256, len(text) // 4)))[None]
                with torch.no_grad():
                    found.append(mini(input_ids=ids).last_hidden_state.mean(dim=1)[0].tolist())
            return found

    encoders = {
        "semantic-router, embedding handed in (its part alone)": HandedIn(name="handed-in"),
        "semantic-router with MiniLM-L6 (random weights, torch)": MiniLM(name="mini"),
    }
    for label, encoder in encoders.items():
        times[label] = timed(IndexedRouter(encoder=encoder, routes=routes, index=LocalIndex()), given["timed"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
