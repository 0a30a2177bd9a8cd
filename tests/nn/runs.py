"""Parts of training runs for the tests of the loop: a problem, and small optimizers and such."""

import numpy as np

import nn


class Counting:
    """A schedule that multiplies the learning rate by `factor` at each step."""

    def __init__(self, optimizer, factor=0.9):
        self.optimizer, self.factor, self.steps = optimizer, factor, 0

    def step(self):
        self.steps += 1
        self.optimizer.param_groups[0]["lr"] *= self.factor

    def state_dict(self):
        return {"steps": self.steps}

    def load_state_dict(self, state):
        self.steps = int(state["steps"])


class OnLoss(Counting):
    """A schedule that goes by a loss, as ReduceLROnPlateau does."""

    def __init__(self, optimizer):
        super().__init__(optimizer)
        self.seen = []

    def step(self, metrics, epoch=None):
        self.seen.append(float(metrics))
        super().step()

    def state_dict(self):
        return {"steps": self.steps, "seen": np.array(self.seen)}

    def load_state_dict(self, state):
        super().load_state_dict(state)
        self.seen = state["seen"].tolist()


class Noise(nn.Module):
    """Adds noise while training, and keeps a running mean: a generator and a buffer."""

    def __init__(self, seed):
        self.generator = np.random.Generator(np.random.MT19937(seed))
        self.mean = nn.Buffer(np.zeros(()))

    def forward(self, x):
        if self.training:
            self.mean.data[...] = 0.9 * self.mean.data + 0.1 * np.asarray(x.data).mean()
            x = x + self.generator.normal(0, 0.3, x.shape).astype(np.float32)
        return x


class Noisy(nn.Module):
    def __init__(self, seed=1, hidden=8):
        generator = np.random.default_rng(seed)
        self.first = nn.Linear(5, hidden, generator=generator)
        self.noise = Noise(seed)
        self.last = nn.Linear(hidden, 3, generator=generator)

    def forward(self, x):
        return self.last(nn.functional.relu(self.noise(self.first(x))))


class Augmented:
    """A loader that changes its inputs by a function."""

    def __init__(self, loader, transform):
        self.loader, self.transform = loader, transform

    def __len__(self):
        return len(self.loader)

    def __iter__(self):
        return ((self.transform(x), y) for x, y in self.loader)


def problem(n=64):
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, n)
    inputs = generator.standard_normal((n, 5)).astype(np.float32) * 0.3
    inputs[np.arange(n), labels] += 2
    return inputs, labels
