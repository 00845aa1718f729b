"""The operations of TensorFlow that a SavedModel may hold: they compute with what they are given.

What is not listed is refused, also where it does no harm: reading and writing files, printing (into a file as well),
Python functions, tables, queues, data pipelines, debugging (which can write files), communication, and loops, which
no exported model has and which may never end.
"""

_ARITHMETIC = """
    Abs Acos Acosh Add AddN AddV2 Asin Asinh Atan Atan2 Atanh BatchMatMul BatchMatMulV2 BatchMatMulV3 Ceil Cos Cosh
    Cumprod Cumsum Div DivNoNan Einsum Erf Erfc Erfinv Exp Expm1 Floor FloorDiv FloorMod IsFinite IsInf IsNan Lgamma Log
    Log1p LogSoftmax MatMul MatrixBandPart MatrixDiagV3 MatrixDiagPartV3 Maximum Minimum Mod Mul MulNoNan Neg NextAfter
    Pow RealDiv Reciprocal Rint Round Rsqrt Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Square
    SquaredDifference Sub Tan Tanh TruncateDiv TruncateMod Xdivy Xlogy Xlog1py
"""
_COMPARISONS = """
    All Any ApproximateEqual Bucketize ClipByValue Equal Greater GreaterEqual Less LessEqual LogicalAnd LogicalNot
    LogicalOr NotEqual Select SelectV2 Where ZerosLike OnesLike
"""
_REDUCTIONS = """
    ArgMax ArgMin Bincount DenseBincount Max Mean Min Prod SegmentMaxV2 SegmentSumV2 Sum TopKV2 Unique UniqueV2
    UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentSum
"""
_SHAPES = """
    BatchToSpaceND BroadcastArgs BroadcastTo Bitcast Cast Concat ConcatOffset ConcatV2 DepthToSpace ExpandDims Fill
    Gather GatherNd GatherV2 Identity IdentityN InvertPermutation LinSpace MirrorPad OneHot Pack Pad PadV2
    ParallelDynamicStitch DynamicStitch DynamicPartition Range Rank Reshape Reverse ReverseV2 ScatterNd Shape
    ShapeN Size Slice SpaceToBatchND SpaceToDepth Split SplitV Squeeze StopGradient PreventGradient StridedSlice
    TensorScatterAdd TensorScatterUpdate Tile Transpose Unpack EnsureShape Snapshot
"""
_NETWORKS = """
    AvgPool AvgPool3D BiasAdd Conv2D Conv3D Conv2DBackpropInput DepthwiseConv2dNative Elu FusedBatchNorm
    FusedBatchNormV2 FusedBatchNormV3 L2Loss LeakyRelu LRN MaxPool MaxPoolV2 MaxPool3D Relu Relu6 Selu
    NonMaxSuppression NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5
    CombinedNonMaxSuppression QuantizeAndDequantizeV2 QuantizeAndDequantizeV3 QuantizeAndDequantizeV4
    FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel
"""
_IMAGES = """
    AdjustContrastv2 AdjustHue AdjustSaturation CropAndResize HSVToRGB RGBToHSV ResizeArea ResizeBicubic ResizeBilinear
    ResizeNearestNeighbor ScaleAndTranslate ImageProjectiveTransformV2 ImageProjectiveTransformV3
"""
_STRUCTURE = """
    Const Placeholder PlaceholderWithDefault NoOp _Arg _Retval If StatelessIf Case StatelessCase
    PartitionedCall StatefulPartitionedCall
    TensorListFromTensor TensorListReserve TensorListGetItem TensorListSetItem TensorListStack TensorListElementShape
    TensorListLength EmptyTensorList TensorListPushBack TensorListPopBack
"""
_VARIABLES = """
    VarHandleOp ReadVariableOp AssignVariableOp VarIsInitializedOp VariableShape ResourceGather DisableCopyOnRead
    DestroyResourceOp
"""

COMPUTING = frozenset(
    " ".join((_ARITHMETIC, _COMPARISONS, _REDUCTIONS, _SHAPES, _NETWORKS, _IMAGES, _STRUCTURE, _VARIABLES)).split()
)
# Of the two functions that write and read the variables. Loading calls neither.
SAVING = frozenset(
    {"MergeV2Checkpoints", "RestoreV2", "SaveV2", "ShardedFilename", "StaticRegexFullMatch", "StringJoin"}
)
