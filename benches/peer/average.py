"""The moving average of a generator's weights."""

import copy

import torch


class Average:
    """The running statistics are the generator's own at any time."""

    def __init__(self, generator):
        self.generator = generator
        self.average = copy.deepcopy(generator)

    @torch.no_grad()
    def update(self, decay):
        pairs = zip(self.average.parameters(), self.generator.parameters())
        for average, live in pairs:
            average.lerp_(live, 1 - decay)

    def sampler(self):
        for average, live in zip(self.average.buffers(), self.generator.buffers()):
            average.copy_(live)
        return self.average
