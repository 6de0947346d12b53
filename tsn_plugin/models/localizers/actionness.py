"""The classifier of actionness."""

from __future__ import annotations

from mmaction.structures import ActionDataSample
from torch import Tensor

from tsn_plugin.models.localizers.tick_localizer import TickLocalizer
from tsn_plugin.registry import MODELS


@MODELS.register_module()
class ActionnessClassifier(TickLocalizer):
    """A TSN of two classes, background and action, that scores every tick of an untrimmed video.

    The head is a ``TSNHead`` with ``num_classes=2``. In training the input is ``(B, S, C, H, W)``, the snippets of one
    proposal each. In testing the data sample of a video's last chunk gets ``tick_scores (T, 2)`` before softmax. The
    original's scores mix four neighbouring ticks, since it confuses the order of crops and ticks; these do not. For
    ActivityNet the original has 100 classes, of which it uses two; here it is two.

    Source: Zhao et al. 2017, section 5; SSN ``binary_model.py``, ``binary_test.py``.
    """

    def loss(self, inputs: Tensor, data_samples: list[ActionDataSample]) -> dict[str, Tensor]:
        """Cross entropy and accuracy of the proposals."""
        return self.cls_head.loss(self.backbone(inputs.flatten(0, 1)), data_samples, num_segs=inputs.shape[1])

    def tick_scores(self, features: Tensor) -> Tensor:
        """Scores ``(T, 2)`` before softmax."""
        scores, _ = self.cls_head.classify_views(features[..., None, None], num_segs=1)
        return scores[:, 0]

    def finish(self, sample: ActionDataSample, ticks: Tensor) -> None:
        """Keep the scores of all ticks."""
        sample.set_field(ticks, "tick_scores")
