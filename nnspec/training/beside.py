"""The same training with PyTorch's own modules, as its users write it: the same start, batches and learning rates."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_

from nnspec import convert
from nnspec.benchmarks import _torch_modules as modules
from nnspec.training.images import ImageTask
from nnspec.training.loop import Clock, Training
from nnspec.training.texts import CharLM

RULES = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


@dataclass
class TorchTraining:
    """What `Training.run_epoch` takes beside the training that it is to be compared with."""

    training: Training
    form: str  # of the parameters, in `nnspec.convert`
    module: torch.nn.Module
    optimizer: torch.optim.Optimizer
    states: list[torch.Tensor] | None = None  # of a recurrent network, handed from batch to batch
    clock: Clock = field(default_factory=Clock)
    losses: list[float] = field(default_factory=list)

    @classmethod
    def begin(cls, model: str, training: Training) -> "TorchTraining":
        """From the parameters that `training` has now. Raises ValueError for a rule that is not here."""
        recipe, (form, made) = training.task.recipe, MODULES[model]
        if recipe.rule not in RULES:
            raise ValueError(f"train: PyTorch is trained beside with {' or '.join(RULES)}, got {recipe.rule}")
        module = made(training.task, training.params)
        ours = _bias_apart(training.params) if form == "linear_scores" else training.params
        module.load_state_dict(convert.to_torch(form, ours), strict=False)  # running statistics begin by themselves
        # The objectives of linear classifiers have no half in front of their penalty; AdamW's decay is its own.
        penalty = recipe.reg * (2 if form == "linear_scores" else 1)
        decay = {} if recipe.rule == "adamw" else {"weight_decay": penalty}
        for name, p in module.named_parameters():
            p.requires_grad_("bias_hh" not in name)  # a second bias, which would double the first: see convert.lstm
        parameters = [p for p in module.parameters() if p.requires_grad]
        weights, others = [p for p in parameters if p.ndim > 1], [p for p in parameters if p.ndim == 1]
        return cls(training, form, module, RULES[recipe.rule]([{"params": weights, **decay}, {"params": others}]))

    def step(self, batch, lr):
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.optimizer.zero_grad()
        loss = self._loss(batch)
        loss.backward()
        if self.training.task.recipe.clip is not None:
            clip_grad_norm_(self.module.parameters(), self.training.task.recipe.clip)
        self.optimizer.step()
        self.losses.append(loss.item())

    def _loss(self, batch) -> torch.Tensor:
        task = self.training.task
        if isinstance(task, ImageTask):
            x, y = torch.from_numpy(task.shaped(batch[0])), torch.from_numpy(batch[1])
            return (_hinge if task.model.loss == "svm_objective" else F.cross_entropy)(self.module(x), y)
        if isinstance(task, CharLM):
            ids, first = batch
            given = None if first or self.states is None else [state.detach() for state in self.states]
            loss, self.states = self.module.loss(torch.from_numpy(ids), given)
            return loss
        return self.module.loss(torch.from_numpy(batch))

    def params(self) -> dict[str, np.ndarray]:
        """PyTorch's parameters in our form, running statistics among them."""
        found = convert.from_torch(self.form, self.module.state_dict())
        if self.form == "linear_scores":
            found = {"w": np.concatenate([found["w"], found["b"][None]])}
        return found

    def measured(self, part: str) -> float:
        """What PyTorch's parameters are worth, measured as ours are."""
        found, ours = self.params(), self.training
        params = {key: found[key] for key in ours.params}
        states = {key: found[key] for key in ours.states if key in found}
        return ours.task.measured(ours.ops, params, states, part)


def _hinge(scores, y):
    """`F.multi_margin_loss` divides by the number of classes as well."""
    return scores.shape[1] * F.multi_margin_loss(scores, y)


def _bias_apart(params):
    return {"w": params["w"][:-1], "b": params["w"][-1]}


def _linear(task, params):
    D, C = params["w"].shape
    return torch.nn.Linear(D - 1, C)


def _fully_connected(task, params):
    widths = [w.shape for key, w in params.items() if key[0] == "W"]
    return modules.fully_connected([widths[0][0], *(after for _, after in widths)], batchnorm="gamma1" in params)


def _convnet(task, params):
    filters, C, K, _ = params["W1"].shape
    return modules.three_layer_convnet(*task.data.shape, filters, K, *params["W3"].shape)


def _resnet(task, params):
    F_of = [len(w) for key, w in params.items() if key.startswith("block") and key.endswith("conv1.w")]
    widths = sorted(set(F_of))
    blocks, classes = [F_of.count(width) for width in widths], len(params["fc.b"])
    return modules.ResNet(task.data.shape[0], classes, blocks, widths, modules.Basic, projects=False, imagenet=False)


def _vit(task, params):
    options = task.options
    H, L = len(params["layers.1.ffn.b1"]), sum(key.endswith("ln1.gamma") for key in params)
    E, classes = params["head.w"].shape
    form = {"positions": len(params["pos"]), "norm_first": options["norm_first"]}
    return modules.Vit(task.data.shape[0], options["patch"], E, H, L, classes, options["heads"], **form)


def _char_lm(task, params):
    return modules.CharLm(*params["W_embed"].shape, task.H, task.cell)


def _gpt(task, params):
    return modules.Gpt(len(params["wte"]), task.T, task.E, task.H, task.L, task.heads, tied="head" not in params)


MODULES = {
    "softmax_classifier": ("linear_scores", _linear),
    "svm": ("linear_scores", _linear),
    "two_layer_net": ("fc_net", _fully_connected),
    "fc_net": ("fc_net", _fully_connected),
    "five_layer_net": ("fc_net", _fully_connected),
    "three_layer_convnet": ("three_layer_convnet", _convnet),
    "resnet20": ("resnet", _resnet),
    "vit": ("vit", _vit),
    "char_rnn": ("char_lm", _char_lm),
    "char_lstm": ("char_lm", _char_lm),
    "gpt": ("gpt", _gpt),
}
