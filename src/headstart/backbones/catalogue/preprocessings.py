"""The five ways the families of `keras.applications` were shown their images."""

from headstart.backbones.spec import Preprocessing

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

# BGR minus the mean of ImageNet's training images, not scaled; the network of Caffe's days.
CAFFE = Preprocessing("caffe", "BGR", 1.0, (103.939, 116.779, 123.68), (1.0, 1.0, 1.0))

# -1 to 1.
TF = Preprocessing("tf", "RGB", 1 / 127.5, (1.0, 1.0, 1.0), (1.0, 1.0, 1.0))

# Mean 0 and deviation 1 over ImageNet.
TORCH = Preprocessing("torch", "RGB", 1 / 255, IMAGENET_MEAN, IMAGENET_STD)

# The network normalises inside; nothing stands in front.
INSIDE = Preprocessing("none", "RGB", 1.0, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))

# Mean and deviation stand inside, a correction in front.
EFFICIENTNET = Preprocessing("efficientnet", "RGB", 1 / 255, IMAGENET_MEAN, IMAGENET_STD)
