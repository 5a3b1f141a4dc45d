"""Every analytic gradient against finite differences of what it is the gradient of."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from reconstruction.gaussians.exposure import Exposure
from reconstruction.gaussians.loss import photometric_loss
from reconstruction.gaussians.parameters import Gaussians
from reconstruction.gaussians.render import backpropagate, draw

GROUPS = {
    "position": slice(0, 3),
    "log scale": slice(3, 6),
    "rotation": slice(6, 10),
    "opacity": slice(10, 11),
    "spherical harmonics of degree 0": slice(11, 14),
    "spherical harmonics of degree 1": slice(14, 23),
    "spherical harmonics of degree 2": slice(23, 38),
}


def pictures(seed: int, height: int = 61, width: int = 37) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    photo = rng.random((3, height, width)).astype(np.float32)
    image = photo + rng.normal(size=photo.shape).astype(np.float32) * 0.1
    return image, photo


@pytest.mark.parametrize("group", GROUPS)
def test_the_gradient_of_a_picture_is_its_slope_in_every_parameter_group(cloud, camera, group):
    """Steps small enough not to change the order in depth, large enough to stand out of float32.

    The error left is the ellipses' edge, where alpha drops from 1/255 to nothing.
    """
    columns = GROUPS[group]
    x, y = np.meshgrid(np.arange(camera.width) / 9, np.arange(camera.height) / 7)
    weights = np.stack([np.sin(x + 1), np.cos(y + x / 3), np.sin(x + y)]).astype(np.float32)
    gradient = backpropagate(draw(cloud, camera), weights).values[:, columns]

    def weighted_sum(values: np.ndarray) -> float:
        image = draw(Gaussians(values, 2), camera).image
        return float((image * weights).sum(dtype=np.float64))

    rng = np.random.default_rng(1)
    slopes, predictions = np.zeros((2, 40))
    for trial in range(40):
        step = np.zeros_like(cloud.values)
        step[:, columns] = 4e-3 * rng.normal(size=gradient.shape)
        difference = weighted_sum(cloud.values + step) - weighted_sum(cloud.values - step)
        slopes[trial] = difference / 2
        predictions[trial] = (gradient * step[:, columns]).sum()
    assert np.linalg.norm(slopes - predictions) < 0.03 * np.linalg.norm(slopes)
    assert slopes @ predictions == pytest.approx(slopes @ slopes, rel=0.02)


def test_gaussians_that_are_not_seen_have_no_gradient(cloud, camera):
    cloud.values[:20, 2] = -3
    everything = np.ones((3, camera.height, camera.width), np.float32)
    gradients = backpropagate(draw(cloud, camera), everything)
    assert not gradients.visible[:20].any()
    assert gradients.visible[20:].any()
    assert not gradients.values[~gradients.visible].any()


def test_the_gradient_of_the_loss_is_its_slope_in_every_pixel():
    image, photo = pictures(0)
    _, gradient = photometric_loss(image, photo, ssim_weight=0.4)
    rng = np.random.default_rng(1)
    picked = [tuple(rng.integers(image.shape)) for _ in range(60)]
    picked += [(0, 0, 0), (1, 60, 36), (2, 48, 0), (0, 47, 36), (1, 0, 20), (2, 54, 3)]
    for pixel in picked:
        slope = numerical_slope(image, photo, pixel)
        assert gradient[pixel] == pytest.approx(slope, rel=2e-2, abs=2e-7)


def numerical_slope(image: np.ndarray, photo: np.ndarray, pixel: tuple) -> float:
    """Of the loss as scikit-image computes it, in double precision."""
    image = image.astype(np.float64)
    step = 1e-5
    losses = []
    for sign in (1, -1):
        image[pixel] += sign * step
        losses.append(reference_loss(image, photo.astype(np.float64), 0.4))
        image[pixel] -= sign * step
    return (losses[0] - losses[1]) / (2 * step)


def reference_loss(image: np.ndarray, photo: np.ndarray, ssim_weight: float) -> float:
    similarity = structural_similarity(
        image, photo, win_size=7, use_sample_covariance=False, data_range=1, channel_axis=0
    )
    return (1 - ssim_weight) * np.abs(image - photo).mean() + ssim_weight * (1 - similarity)


@pytest.mark.parametrize("shape", [(7, 7), (48, 20), (49, 20), (100, 33)])
def test_the_loss_is_that_of_scikit_image(shape):
    image, photo = pictures(2, *shape)
    loss, _ = photometric_loss(image, photo)
    expected = reference_loss(image.astype(np.float64), photo.astype(np.float64), 0.2)
    assert loss == pytest.approx(expected, rel=1e-4)


def test_a_picture_smaller_than_a_window_of_ssim_is_refused():
    image, photo = pictures(0, 6, 30)
    with pytest.raises(ValueError, match="30 x 6"):
        photometric_loss(image, photo)


def test_the_gradient_of_the_exposure_is_its_slope():
    image, photo = pictures(4)
    exposure = Exposure.neutral(2)
    exposure.values[1] = [1.2, 0.9, 1.05, 0.02, -0.03, 0.01]
    _, recorded_gradient = photometric_loss(exposure.apply(1, image), photo)
    own, through = exposure.gradients(1, image, recorded_gradient)

    def loss() -> float:
        return photometric_loss(exposure.apply(1, image), photo)[0]

    for k in range(6):
        before = exposure.values[1, k]
        exposure.values[1, k] = before + 1e-3
        high = loss()
        exposure.values[1, k] = before - 1e-3
        slope = (high - loss()) / 2e-3
        exposure.values[1, k] = before
        assert own[k] == pytest.approx(slope, rel=0.03, abs=1e-3)
    np.testing.assert_allclose(
        through, recorded_gradient * exposure.values[1, :3, None, None], rtol=1e-6
    )
