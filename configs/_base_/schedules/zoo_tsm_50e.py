# 0.x's schedule of TSM: the classifier learns at 5x (weights) and 10x (bias) the rate, gradients are clipped at 20.
_base_ = ["zoo_50e.py"]
optim_wrapper = dict(
    constructor="TSMOptimWrapperConstructor", paramwise_cfg=dict(fc_lr5=True), clip_grad=dict(max_norm=20)
)
