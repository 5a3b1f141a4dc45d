"""Runs 3DGRUT's train.py, says how it goes, and lets it be ended early.

Runs in 3DGRUT's environment; uses nothing of ours. Every line of its own on standard output is one
JSON object with the key "observed"; all others are 3DGRUT's.

    {"observed": "iteration", "iteration": 1200, "iterations": 30000, "gaussians": 52000}
    {"observed": "checkpoint", "iteration": 3000, "path": "/…/ours_3000/ckpt_3000.pt"}
    {"observed": "exporting", "iteration": 30000}

SIGUSR1 ends the training after the iteration under way, and what there is gets exported and
measured. SIGTERM writes a checkpoint first, then ends the process with status 143.

3DGRUT shows its progress on terminals only (threedgrut/utils/logger.py), so its trainer's methods
are wrapped (threedgrut/trainer.py: run_train_iter, save_checkpoint, on_training_end).
"""

import argparse
import functools
import json
import os
import random
import runpy
import signal
import sys
import time
from pathlib import Path

SECONDS_BETWEEN_LINES = 1.0
STOPPED_BY_SIGTERM = 128 + signal.SIGTERM


class Observer:
    """Stands beside the trainer and speaks after each iteration."""

    def __init__(self):
        self.process_id = os.getpid()
        self.training = False
        self.stop_requested = False
        self.finish_requested = False
        self.spoke_at = float("-inf")

    def request_stop(self, *_):
        self.stop_requested = True
        # Before the first iteration there is nothing to save. Workers that load photos inherit
        # this handler, and end with their parent.
        if not self.training and os.getpid() == self.process_id:
            sys.exit(STOPPED_BY_SIGTERM)

    def request_finish(self, *_):
        self.finish_requested = True

    def before_iteration(self):
        self.training = True

    def after_iteration(self, trainer):
        now = time.monotonic()
        if self.stop_requested:
            trainer.save_checkpoint()
            sys.exit(STOPPED_BY_SIGTERM)
        if self.finish_requested:
            end_training(trainer)
        if now - self.spoke_at >= SECONDS_BETWEEN_LINES:
            self.spoke_at = now
            self.say_iteration(trainer)

    def after_checkpoint(self, trainer):
        step = trainer.global_step
        path = Path(trainer.tracking.output_dir, f"ours_{step}", f"ckpt_{step}.pt")
        self.say("checkpoint", iteration=step, path=str(path.resolve()))

    def before_export(self, trainer):
        self.say_iteration(trainer)
        self.say("exporting", iteration=trainer.global_step)

    def say_iteration(self, trainer):
        self.say(
            "iteration",
            iteration=trainer.global_step,
            iterations=trainer.n_iterations,
            gaussians=trainer.model.num_gaussians,
        )

    def say(self, what, **facts):
        print(json.dumps({"observed": what, **facts}), flush=True)


def end_training(trainer):
    """Let the pass under way return at once, and those that would follow do nothing."""
    trainer.conf.n_iterations = trainer.global_step
    trainer.run_train_pass = lambda conf: None


def observe(trainer_class, observer):
    """Wrap the methods of 3DGRUT's trainer that `observer` wants to hear of."""
    run_train_iter = trainer_class.run_train_iter
    save_checkpoint = trainer_class.save_checkpoint
    on_training_end = trainer_class.on_training_end

    @functools.wraps(run_train_iter)
    def observed_iteration(trainer, *args, **kwargs):
        observer.before_iteration()
        result = run_train_iter(trainer, *args, **kwargs)
        observer.after_iteration(trainer)
        return result

    @functools.wraps(save_checkpoint)
    def observed_checkpoint(trainer, last_checkpoint=False):
        result = save_checkpoint(trainer, last_checkpoint=last_checkpoint)
        if not last_checkpoint:
            observer.after_checkpoint(trainer)
        return result

    @functools.wraps(on_training_end)
    def observed_end(trainer):
        observer.before_export(trainer)
        return on_training_end(trainer)

    trainer_class.run_train_iter = observed_iteration
    trainer_class.save_checkpoint = observed_checkpoint
    trainer_class.on_training_end = observed_end


def sow(seed):
    """3DGRUT has no option for it. Sums on the GPU still come out in a changing order."""
    import numpy
    import torch

    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", required=True, help="3DGRUT's checkout")
    parser.add_argument("--seed", type=int, required=True)
    arguments, for_train = parser.parse_known_args()

    observer = Observer()
    signal.signal(signal.SIGTERM, observer.request_stop)
    signal.signal(signal.SIGUSR1, observer.request_finish)
    sys.path[0] = arguments.home
    sow(arguments.seed)

    from threedgrut.trainer import Trainer3DGRUT

    observe(Trainer3DGRUT, observer)
    script = f"{arguments.home}/train.py"
    sys.argv = [script, *for_train]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
