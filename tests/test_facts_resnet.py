"""Les nombres de ResNet au registre, retrouvés par un calcul indépendant des modèles."""

import pytest

from cours_cnn import facts

COUNTS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
LEDGER = facts.load()


def convolutions(depth):
    """Rend les convolutions d'un ResNet v1 : côté du noyau, canaux lus, cartes, côté de la sortie."""
    found, channels, side = [(7, 3, 64, 112)], 64, 56
    for stage, count in enumerate(COUNTS[depth]):
        maps = 64 * 2**stage
        output = maps if depth < 50 else 4 * maps
        for rank in range(count):
            side = side // 2 if rank == 0 and stage else side
            found += ([(3, channels, maps, side), (3, maps, maps, side)] if depth < 50 else
                      [(1, channels, maps, side), (3, maps, maps, side), (1, maps, output, side)])
            if channels != output or (rank == 0 and stage):
                found.append((1, channels, output, side))
            channels = output
    return found, channels


def torchvision_count(depth):
    """Poids, échelles et décalages appris, et la couche de sortie."""
    layers, channels = convolutions(depth)
    return sum(k * k * c * m + 2 * m for k, c, m, _ in layers) + (channels + 1) * 1000


def keras_count(depth):
    """Le même, avec un biais, une moyenne et une variance mobiles par carte."""
    return torchvision_count(depth) + 3 * sum(maps for _, _, maps, _ in convolutions(depth)[0])


def keras50v2_count():
    """Préactivation : une normalisation avant chaque bloc ; un biais à l'entrée, à la sortie et aux projections."""
    total, channels = 7 * 7 * 3 * 64 + 64, 64
    for stage, count in enumerate(COUNTS[50]):
        maps = 64 * 2**stage
        for rank in range(count):
            total += 4 * channels + channels * maps + 4 * maps + 9 * maps * maps + 4 * maps + (maps + 1) * 4 * maps
            total += (channels + 1) * 4 * maps if rank == 0 else 0
            channels = 4 * maps
    return total + 4 * channels + (channels + 1) * 1000


def macs(depth):
    """Multiplications-additions ; les ResNet-18 et 34 de l'article n'ont pas de projection (option A)."""
    layers, channels = convolutions(depth)
    layers = [layer for layer in layers if depth >= 50 or layer[0] > 1]
    return (sum(k * k * c * m * side**2 for k, c, m, side in layers) + channels * 1000) / 1e9


def cifar_millions(n):
    """ResNet à 6n + 2 couches pour CIFAR-10, option A."""
    stages = [(16, 2 * n + 1), (32, 2 * n), (64, 2 * n)]
    reads = [3] + [16] * (2 * n + 1) + [32] * (2 * n) + [64] * (2 * n)
    writes = [maps for maps, count in stages for _ in range(count)]
    return (sum(9 * c * m + 2 * m for c, m in zip(reads, writes, strict=False)) + 650) / 1e6


COMPUTED = {
    "resnet.keras50_parameters": keras_count(50), "resnet.keras101_parameters": keras_count(101),
    "resnet.keras152_parameters": keras_count(152), "resnet.keras50v2_parameters": keras50v2_count(),
    "resnet.torchvision18_parameters": torchvision_count(18),
    "resnet.torchvision34_parameters": torchvision_count(34),
    "resnet.torchvision50_parameters": torchvision_count(50),
    "resnet.torchvision101_parameters": torchvision_count(101),
    "resnet.torchvision152_parameters": torchvision_count(152),
    "resnet.macs_18": macs(18), "resnet.macs_34": macs(34), "resnet.macs_50": macs(50),
    "resnet.macs_101": macs(101), "resnet.macs_152": macs(152),
    "resnet.cifar_110_parameters": cifar_millions(18), "resnet.cifar_1202_parameters": cifar_millions(200),
    "resnet.projections_c_more": sum(COUNTS[34]) - 3,
    "resnet.gain_34_over_18": LEDGER["resnet.resnet18_top1"].value - LEDGER["resnet.resnet34_top1"].value,
    "resnet.gain_34_over_plain": LEDGER["resnet.plain34_top1"].value - LEDGER["resnet.resnet34_top1"].value,
}


@pytest.mark.parametrize("key", COMPUTED)
def test_fact_is_found_again_by_arithmetic(key):
    confronted = facts.confront(key, COMPUTED[key])
    assert confronted.computed == LEDGER[key].value or LEDGER[key].tolerance > 0


@pytest.mark.parametrize("key", [key for key in COMPUTED if LEDGER[key].tolerance])
def test_what_the_paper_prints_is_the_rounded_count_but_for_one(key):
    """Le compte, arrondi comme l'article, rend le nombre imprimé ; 3,8 milliards, pour ResNet-50, fait exception."""
    fact = LEDGER[key]
    assert (abs(COMPUTED[key] - fact.value) <= 0.05 + 1e-9) is (key != "resnet.macs_50")


def test_a_wrong_count_is_refused():
    with pytest.raises(facts.FactMismatchError):
        facts.confront("resnet.keras50_parameters", torchvision_count(50))
