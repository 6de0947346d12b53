# Everything that is the same in every experiment.
default_scope = "mmaction"
custom_imports = dict(imports=["tsn_plugin"], allow_failed_imports=False)

default_hooks = dict(
    runtime_info=dict(type="RuntimeInfoHook"),
    timer=dict(type="IterTimerHook"),
    logger=dict(type="LoggerHook", interval=20, ignore_last=False),
    param_scheduler=dict(type="ParamSchedulerHook"),
    checkpoint=dict(type="tsn_plugin.CheckpointHook", interval=1, max_keep_ckpts=3, save_best="auto"),
    sampler_seed=dict(type="DistSamplerSeedHook"),
    sync_buffers=dict(type="SyncBuffersHook"),
    safe_checkpoint=dict(type="tsn_plugin.SafeCheckpointHook"),
    epoch_seed=dict(type="tsn_plugin.EpochSeedHook"),
    finite_loss=dict(type="tsn_plugin.FiniteLossHook"),
    label_range=dict(type="tsn_plugin.LabelRangeHook"),
)
env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method="fork", opencv_num_threads=0),
    dist_cfg=dict(backend="nccl"),  # timeout=SECONDS: how long processes wait for one that hangs; docs/scaling.md
)
log_processor = dict(type="LogProcessor", window_size=20, by_epoch=True)
vis_backends = [dict(type="LocalVisBackend")]
visualizer = dict(type="ActionVisualizer", vis_backends=vis_backends)
log_level = "INFO"
load_from = None
resume = False
