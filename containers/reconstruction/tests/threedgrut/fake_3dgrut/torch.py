"""As much of torch as it takes to begin."""


def manual_seed(seed):
    print(f"seeded with {seed}")
