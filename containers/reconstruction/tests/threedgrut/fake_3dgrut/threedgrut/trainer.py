"""The trainer's methods, order of work and files, without the work (threedgrut/trainer.py).

FAKE_ITERATION_SECONDS   how long an iteration takes
FAKE_FAILURE             what it says when it fails, or the name of a signal that kills it
FAKE_FAILURE_AT          the iteration of the failure, or `measuring`
"""

import json
import os
import signal
import struct
import sys
import time
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

GAUSSIANS = 7
PROPERTIES = [
    *("x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"),
    *(f"f_rest_{k}" for k in range(45)),
    *("opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"),
]

# x, y, z are 0, 1, 2 and the scales 9, 10, 11.
VALUES = [0, 1, 2, 0, 0, 1, *(48 * [0.5]), 3, 9, 10, 11, 1, 0, 0, 0]


class Trainer3DGRUT:
    def __init__(self, conf):
        self.conf = conf
        self.options = conf.options
        self.n_iterations = conf.n_iterations
        self.global_step = 0
        self.model = SimpleNamespace(num_gaussians=GAUSSIANS)
        dataset = Path(self.options["path"])
        self.photos = sorted(path.name for path in (dataset / "images").iterdir())
        (dataset / "sparse" / "0" / "points3D.bin").read_bytes()
        name = f"{dataset.stem}-{datetime.now():%d%m_%H%M%S}"
        self.run_folder = Path(self.options["out_dir"], self.options["experiment_name"], name)
        self.run_folder.mkdir(parents=True, exist_ok=True)
        (self.run_folder / "parsed.yaml").write_text(json.dumps(self.options), "utf-8")
        self.tracking = SimpleNamespace(output_dir=str(self.run_folder))
        self.checkpoint_iterations = json.loads(self.options["checkpoint.iterations"])
        if self.options["resume"]:
            content = Path(self.options["resume"]).read_text("utf-8")
            self.global_step = json.loads(content)["global_step"]

    def run(self):
        epochs = -(-self.n_iterations // len(self.photos))
        for _ in range(epochs):
            self.run_train_pass(self.conf)
        self.on_training_end()

    def run_train_pass(self, conf):
        for batch in self.photos:
            if self.global_step >= conf.n_iterations:
                return
            self.run_train_iter(self.global_step, batch, {}, [], conf)

    def run_train_iter(self, global_step, batch, profilers, metrics, conf):
        if os.environ.get("FAKE_FAILURE_AT") == str(global_step):
            fail()
        time.sleep(float(os.environ.get("FAKE_ITERATION_SECONDS", "0.0005")))
        self.global_step = global_step + 1
        if self.global_step in self.checkpoint_iterations:
            self.save_checkpoint()

    def save_checkpoint(self, last_checkpoint=False):
        folder = self.run_folder / f"ours_{self.global_step}"
        folder.mkdir(exist_ok=True)
        usual = folder / f"ckpt_{self.global_step}.pt"
        path = self.run_folder / "ckpt_last.pt" if last_checkpoint else usual
        path.write_text(json.dumps({"global_step": self.global_step}), "utf-8")

    def on_training_end(self):
        header = f"ply\nformat binary_little_endian 1.0\nelement vertex {GAUSSIANS}\n"
        header += "".join(f"property float {name}\n" for name in PROPERTIES) + "end_header\n"
        row = struct.pack(f"<{len(PROPERTIES)}f", *VALUES)
        Path(self.options["export_ply.path"]).write_bytes(header.encode() + GAUSSIANS * row)
        self.save_checkpoint(last_checkpoint=True)
        if os.environ.get("FAKE_FAILURE_AT") == "measuring":
            fail()
        if self.options["test_last"] == "true":
            metrics = {"mean_psnr": 27.1234, "mean_ssim": 0.9, "mean_lpips": 0.1}
            (self.run_folder / "metrics.json").write_text(json.dumps(metrics), "utf-8")


def fail():
    how = os.environ["FAKE_FAILURE"]
    if hasattr(signal, how):
        os.kill(os.getpid(), getattr(signal, how))
        time.sleep(10)
    sys.exit(how)
