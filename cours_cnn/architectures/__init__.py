"""Les réseaux du cours, tels que les chapitres les construisent à la main, en grandeur réelle et « de poche »."""

from cours_cnn.architectures.alexnet import alexnet
from cours_cnn.architectures.googlenet import googlenet, inception_module
from cours_cnn.architectures.lenet import lenet5
from cours_cnn.architectures.pocket import pocket
from cours_cnn.architectures.resnet import resnet
from cours_cnn.architectures.vgg import vgg

__all__ = ["alexnet", "googlenet", "inception_module", "lenet5", "pocket", "resnet", "vgg"]
