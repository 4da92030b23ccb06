"""A backend that goes other ways than the reference: right implementations that are no transcriptions of it.

Its caches are dicts, lists and objects, its gradients come in other forms, its sums run in another order.
"""

from . import variants
from .attention import masked_softmax_backward, masked_softmax_forward, sdpa_backward, sdpa_forward
from .convolution import conv2d_backward, conv2d_forward, max_pool2d_backward, max_pool2d_forward
from .layers import (
    affine_backward,
    affine_forward,
    dropout_backward,
    dropout_forward,
    gelu_backward,
    gelu_forward,
    relu_backward,
    relu_forward,
    sigmoid_backward,
    sigmoid_forward,
    silu_backward,
    silu_forward,
    tanh_backward,
    tanh_forward,
)
from .losses import (
    l2_penalty,
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
    svm_loss_backward,
    svm_loss_forward,
)
from .neighbours import (
    knn_indices,
    knn_vote,
    l1_distance,
    l1_distance_backward,
    l2_distance,
    l2_distance_backward,
    l2_distance_gemm,
)
from .normalization import (
    batchnorm2d_backward,
    batchnorm2d_forward,
    batchnorm_backward,
    batchnorm_forward,
    layernorm_backward,
    layernorm_forward,
)
from .recurrent import lstm_backward, lstm_forward, lstm_step_backward, lstm_step_forward, permute_gates
from .updates import adam, sgd_momentum

__all__ = [
    "adam",
    "affine_backward",
    "affine_forward",
    "batchnorm2d_backward",
    "batchnorm2d_forward",
    "batchnorm_backward",
    "batchnorm_forward",
    "conv2d_backward",
    "conv2d_forward",
    "dropout_backward",
    "dropout_forward",
    "gelu_backward",
    "gelu_forward",
    "knn_indices",
    "knn_vote",
    "l1_distance",
    "l1_distance_backward",
    "l2_distance",
    "l2_distance_backward",
    "l2_distance_gemm",
    "l2_penalty",
    "layernorm_backward",
    "layernorm_forward",
    "lstm_backward",
    "lstm_forward",
    "lstm_step_backward",
    "lstm_step_forward",
    "masked_softmax_backward",
    "masked_softmax_forward",
    "max_pool2d_backward",
    "max_pool2d_forward",
    "permute_gates",
    "relu_backward",
    "relu_forward",
    "sdpa_backward",
    "sdpa_forward",
    "sgd_momentum",
    "sigmoid_backward",
    "sigmoid_forward",
    "silu_backward",
    "silu_forward",
    "softmax_cross_entropy_backward",
    "softmax_cross_entropy_forward",
    "svm_loss_backward",
    "svm_loss_forward",
    "tanh_backward",
    "tanh_forward",
    "variants",
]
