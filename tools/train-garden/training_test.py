"""Tests of what the training stands on; the phases themselves: train.sh --preset tiny."""
import dataclasses
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
from transformers import CLIPTokenizer

import captions
from training import checkpoint, latents, loop, muon, parallel, vocabulary
from training.compute import to_tensor
from training.data import half_size
from training.settings import FULL, changed
from training.work import GateClosed, OutOfTime, Work


def some_pictures(count=6, height=64, width=96):
    """Smooth and not symmetric."""
    rng = np.random.default_rng(1)
    coarse = torch.from_numpy(rng.random((count, 3, 8, 12)).astype(np.float32))
    fine = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic")
    return (fine.clamp(0, 1) * 255).byte().permute(0, 2, 3, 1).numpy()


class LatentsTest(unittest.TestCase):
    def setUp(self):
        self.shown = to_tensor(some_pictures())
        self.latents = latents.Latents(latents.fit([some_pictures()], 10))

    def test_mirrored_pictures_have_mirrored_latents(self):
        of_mirrored = self.latents.encode(self.shown.flip(3))
        mirrored = self.latents.mirror(self.latents.encode(self.shown))
        self.assertLess(float((of_mirrored - mirrored).abs().max()), 1e-4)

    def test_all_components_give_the_picture(self):
        whole = latents.Latents(latents.fit([some_pictures()], 192))
        whole.state["scale"].clamp_(max=1e3)
        back = whole.decode(whole.encode(self.shown))
        self.assertLess(float((back - self.shown).abs().max()), 1e-2)

    def test_mean_variance_is_one(self):
        z = self.latents.encode(self.shown)
        self.assertAlmostEqual(float(z.square().mean()), 1, delta=0.1)


class VocabularyTest(unittest.TestCase):
    def test_each_word_of_captions_is_one_token(self):
        with tempfile.TemporaryDirectory() as folder:
            count = vocabulary.write(Path(folder))
            tokenizer = CLIPTokenizer.from_pretrained(folder)
        self.assertLessEqual(count, 1000)
        self.assertEqual(len(tokenizer), count)
        for word in captions.vocabulary():
            self.assertEqual(len(tokenizer(word).input_ids), 3, word)
        self.assertNotIn(tokenizer.unk_token_id, tokenizer("정원 zürich").input_ids[1:-1])


class LoopTest(unittest.TestCase):
    def train(self, folder, *minutes):
        for limit in minutes:
            net = torch.nn.Linear(3, 1)
            torch.nn.init.constant_(net.weight, 0.5)
            torch.nn.init.zeros_(net.bias)
            work = Work(folder, limit, save_every_s=1000)

            def step(rng):
                x = torch.randn(4, 3) + float(rng.random())
                if limit and work.read_json("n", 0) == 20:
                    work.stopped = True
                work.write_json("n", work.read_json("n", 0) + 1)
                return (net(x) - x.sum(1, keepdim=True)).square().mean(), 4, {}

            running = loop.Loop(work, "small", {"net": net}, 160, 1, 1e-2,
                                matrices=[net.weight])
            try:
                running.run(step, log_every=1000)
            except OutOfTime:
                continue
            running.finish()
        return torch.cat([value.flatten() for value in net.state_dict().values()])

    def test_stopped_and_gone_on_is_the_same_as_at_one_go(self):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            self.assertTrue(torch.equal(self.train(one, None), self.train(two, 10, None)))

    def test_checkpoint_gives_back_the_averages(self):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            weight = torch.randn(4, 4)
            Work(one).save("decoder.pt", {
                "modules": {}, "averages": {"decoder": {"w": weight}}, "seen": 9, "step": 3})
            checkpoint.pack(Work(one), Path(one) / "c.safetensors")
            checkpoint.unpack(Work(two), Path(one) / "c.safetensors")
            state = Work(two).load("decoder.pt")
        self.assertEqual((state["seen"], state["step"]), (9, 3))
        self.assertTrue(torch.equal(state["averages"]["decoder"]["w"], weight.half().float()))


class MuonTest(unittest.TestCase):
    def test_matrices_become_orthogonal(self):
        torch.manual_seed(1)
        for shape in ((2, 24, 90), (2, 90, 24)):
            values = torch.linalg.svdvals(muon.orthogonal(torch.randn(shape)))
            self.assertGreater(float(values.min()), 0.8)
            self.assertLess(float(values.max()), 1.2)

    def test_the_order_of_weights_in_memory_changes_nothing(self):
        torch.manual_seed(1)
        start, gradient = torch.randn(2, 6, 4, 3, 3)
        results = []
        for order in (torch.contiguous_format, torch.channels_last):
            p = torch.nn.Parameter(start.contiguous(memory_format=order).clone())
            p.grad = gradient.contiguous(memory_format=order)
            muon.Muon([p], 0.1).step()
            results.append(p.detach().contiguous())
        self.assertGreater(float((results[0] - start).abs().max()), 1e-3)
        self.assertLess(float((results[0] - results[1]).abs().max()), 1e-5)


class ParallelTest(unittest.TestCase):
    def test_parts_give_the_gradients_of_the_whole(self):
        net, x = torch.nn.Linear(3, 1), torch.randn(8, 3)
        net(x).square().sum().backward()
        whole = net.weight.grad.clone()
        parallel.gradients(lambda part: net(x[part]).square().sum(),
                           [slice(i, None, 4) for i in range(4)], list(net.parameters()))
        self.assertLess(float((net.weight.grad - whole).abs().max()), 1e-4)


class SettingsTest(unittest.TestCase):
    def test_names_and_values(self):
        settings = changed(FULL, ["unet_batch=4", "unet_channels=32,64"])
        self.assertEqual((settings.unet_batch, settings.unet_channels), (4, (32, 64)))
        self.assertEqual(dataclasses.replace(settings, unet_batch=FULL.unet_batch, unet_channels=(
            FULL.unet_channels)), FULL)
        self.assertRaises(ValueError, changed, FULL, ["nothing=1"])

    def test_a_gate_names_what_is_low(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(GateClosed, "season 0.40"):
                Work(folder).gate("g", {"season": 0.4, "time": 0.9}, {"season": 0.5}, False)

    def test_half_size_is_the_mean(self):
        shown = some_pictures(1, 8, 8)
        mean = shown.reshape(1, 4, 2, 4, 2, 3).mean((2, 4))
        self.assertLessEqual(np.abs(half_size(shown) - mean).max(), 0.5)


if __name__ == "__main__":
    sys.exit(not unittest.main(exit=False).result.wasSuccessful())
