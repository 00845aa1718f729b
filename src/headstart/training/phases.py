"""What one phase of training does."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    """How far the network is unfrozen and how fast what is unfrozen learns.

    Attributes:
        name: as it stands in the history and the report.
        epochs: the most passes over the training part; early stopping may end it sooner.
        learning_rate: the peak rate, that of the head.
        unfreeze_from: lowest stage that learns; everything above learns too. None: only the head.
        stage_rate_decay: each stage learns at this fraction of the rate of the stage above it, above 0 to 1.
            Discriminative rates come from ULMFiT (Howard and Ruder, arXiv 1801.06146, section 3.2).
        warmup: share of all steps in which the rate rises from 0 to its peak, 0 to below 1; then it falls as a half
            cosine to 0 (Loshchilov and Hutter, arXiv 1608.03983).
        weight_decay: of AdamW (arXiv 1711.05101), for kernels only.
        label_smoothing: 0 to below 1.
        mixup: alpha of the Beta distribution by which examples are mixed with others; 0 for none (arXiv 1710.09412).
        ema: momentum of the running average of the weights, 0 to below 1; 0 for none. The average is what is validated
            and kept (Polyak and Juditsky 1992; as in arXiv 2006.05278, appendix).
        l2_sp: strength of the pull of unfrozen stages towards their pretrained weights in place of zero, 0 for none; in
            the units of `weight_decay` (arXiv 1802.01483).
        patience: epochs without a lower validation loss before the phase ends.
        max_loss_rise: share by which the validation loss of an epoch may exceed the lowest one before the phase. Beyond
            it, the epoch is discarded, and the phase continues from the best weights at a lower rate. 0: no limit.
        unfreeze_batch_norm: whether batch normalisation learns and moves its statistics in unfrozen stages. On small
            data it destroys pretrained features, therefore False.
        precision: what the convolutions of the stages compute in while something learns: `float32` or `bfloat16`.
            Weights are float32 in both.
    """

    name: str
    epochs: int
    learning_rate: float
    unfreeze_from: str | None = None
    stage_rate_decay: float = 1.0
    warmup: float = 0.1
    weight_decay: float = 1e-4
    label_smoothing: float = 0.0
    mixup: float = 0.0
    ema: float = 0.0
    l2_sp: float = 0.0
    patience: int = 10
    max_loss_rise: float = 0.0
    unfreeze_batch_norm: bool = False
    precision: str = "float32"
