"""RenderingEngine over Ice: contract/server.md, section 2.15."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
import omero
import pytest
from omero.constants.projection import ProjectionType
from omero.romio import XY, XZ, ZY, PlaneDef, RegionDef, ReverseIntensityMapContext
from PIL import Image

from omero_embedded.model.tables import table_of
from omero_rendering import (
    ChannelSettings,
    Color,
    Model,
    RenderingSettings,
    Window,
    encode_jpeg,
    pixel_type,
    render,
)

RED, GREEN, BLUE = Color(255, 0, 0), Color(0, 255, 0), Color(0, 0, 255)


@pytest.fixture
def user(login: Callable, make_user: Callable) -> Any:
    return login(make_user())


@contextmanager
def engine(client: Any, pixels_id: int, **context: str) -> Iterator[Any]:
    """A loaded engine; settings are created when there are none."""
    opened = client.sf.createRenderingEngine()
    try:
        opened.lookupPixels(pixels_id)
        if not opened.lookupRenderingDef(pixels_id):
            opened.resetDefaultSettings(True)
            assert opened.lookupRenderingDef(pixels_id)
        opened.load()
        yield opened
    finally:
        opened.close()


def xy(z: int = 0, t: int = 0, region: Any = None, stride: int = 0) -> Any:
    return PlaneDef(XY, 0, 0, z, t, region, stride)


def initial(samples: np.ndarray) -> RenderingSettings:
    """What the engine starts with for three uint16 channels without colours."""
    channels = tuple(
        ChannelSettings(Window(samples[:, c].min(), samples[:, c].max()), color)
        for c, color in enumerate((RED, GREEN, BLUE))
    )
    return RenderingSettings(pixel_type("uint16"), channels, Model.RGB)


def packed(rgb: np.ndarray) -> list[int]:
    wide = rgb.astype(np.int64)
    return (
        (
            ((255 << 24) | (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2])
            .astype(np.uint32)
            .view(np.int32)
        )
        .ravel()
        .tolist()
    )


def test_plane_is_rendered_with_initial_settings(
    user: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    expected = render({c: samples[1, c, 2] for c in range(3)}, initial(samples))
    with engine(user, image.pixels_id) as opened:
        assert list(opened.renderAsPackedInt(xy(2, 1))) == packed(expected)
        assert opened.renderCompressed(xy(2, 1)) == encode_jpeg(expected)
        opened.setCompressionLevel(0.5)
        assert opened.renderCompressed(xy(2, 1)) == encode_jpeg(expected, 0.5)


def test_region_is_cut_at_the_edge_and_stride_subsamples(
    user: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    whole = render({c: samples[0, c, 0] for c in range(3)}, initial(samples))
    with engine(user, image.pixels_id) as opened:
        assert list(opened.renderAsPackedInt(xy(region=RegionDef(30, 20, 512, 512)))) == packed(
            whole[20:, 30:]
        )
        assert list(opened.renderAsPackedInt(xy(stride=1))) == packed(whole[::2, ::2])
        with pytest.raises(omero.ApiUsageException, match="region"):
            opened.renderCompressed(xy(region=RegionDef(40, 0, 8, 8)))


def test_side_planes_have_sections_along_one_edge(
    user: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    settings = initial(samples)
    with engine(user, image.pixels_id) as opened:
        along_y = render({c: samples[0, c, :, 5, :] for c in range(3)}, settings)
        assert list(opened.renderAsPackedInt(PlaneDef(XZ, 0, 5, 0, 0, None, 0))) == packed(along_y)
        along_x = render({c: samples[0, c, :, :, 7].T for c in range(3)}, settings)
        assert list(opened.renderAsPackedInt(PlaneDef(ZY, 7, 0, 0, 0, None, 0))) == packed(along_x)


def test_maximum_projection_takes_all_sections(user: Any, make_image: Callable, samples: np.ndarray) -> None:
    image = make_image(user, "uint16", samples)
    expected = render({c: samples[1, c].max(axis=0) for c in range(3)}, initial(samples))
    with engine(user, image.pixels_id) as opened:
        maximum = ProjectionType.MAXIMUMINTENSITY
        assert opened.renderProjectedCompressed(maximum, 1, 1, 0, 3) == encode_jpeg(expected)
        with pytest.raises(omero.ApiUsageException, match="stepping"):
            opened.renderProjectedCompressed(maximum, 1, 0, 0, 3)


def test_changes_show_and_can_be_saved(user: Any, make_image: Callable, samples: np.ndarray) -> None:
    image = make_image(user, "uint16", samples)
    with engine(user, image.pixels_id) as opened:
        first_id = opened.getRenderingDefId()
        opened.setActive(0, False)
        opened.setActive(2, False)
        opened.setChannelWindow(1, 100.0, 900.0)
        opened.setRGBA(1, 10, 200, 30, 255)
        opened.addCodomainMapToChannel(ReverseIntensityMapContext(), 1)
        opened.setDefaultZ(3)
        expected = list(opened.renderAsPackedInt(xy()))
        opened.saveCurrentSettings()
        assert opened.getRenderingDefId() == first_id
    with engine(user, image.pixels_id) as opened:
        assert [opened.isActive(c) for c in range(3)] == [False, True, False]
        assert (opened.getChannelWindowStart(1), opened.getChannelWindowEnd(1)) == (100.0, 900.0)
        assert list(opened.getRGBA(1)) == [10, 200, 30, 255]
        assert [type(c) for c in opened.getCodomainMapContext(1)] == [omero.model.ReverseIntensityContextI]
        assert opened.getCodomainMapContext(0) == []
        assert opened.getDefaultZ() == 3
        assert list(opened.renderAsPackedInt(xy())) == expected
        opened.removeCodomainMapFromChannel(ReverseIntensityMapContext(), 1)
        opened.saveCurrentSettings()
        assert opened.getCodomainMapContext(1) == []
        opened.resetDefaultSettings(True)
        assert opened.getRenderingDefId() == first_id
        assert opened.isActive(0)
        assert opened.getDefaultZ() == 2


def test_settings_that_are_not_saved_are_forgotten(
    user: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    with engine(user, image.pixels_id) as opened:
        opened.setChannelWindow(0, 1.0, 2.0)
        opened.resetDefaultSettings(False)
        assert opened.getChannelWindowEnd(0) == float(samples[:, 0].max())
        opened.setChannelWindow(0, 1.0, 2.0)
    with engine(user, image.pixels_id) as opened:
        assert opened.getChannelWindowEnd(0) == float(samples[:, 0].max())


def test_lookup_table_is_kept_by_name_and_unknown_ones_fall_back_to_the_colour(
    server: Any, user: Any, make_image: Callable, samples: np.ndarray
) -> None:
    image = make_image(user, "uint16", samples)
    with engine(user, image.pixels_id) as opened:
        expected = list(opened.renderAsPackedInt(xy()))
        opened.setChannelLookupTable(0, "nowhere.lut")
        assert opened.getChannelLookupTable(0) == "nowhere.lut"
        assert list(opened.renderAsPackedInt(xy())) == expected
        opened.setChannelLookupTable(0, "")
        assert opened.getChannelLookupTable(0) == ""


def test_order_of_calls_is_kept(user: Any, make_image: Callable, samples: np.ndarray) -> None:
    image = make_image(user, "uint16", samples)
    opened = user.sf.createRenderingEngine()
    with pytest.raises(omero.ApiUsageException, match="lookupPixels"):
        opened.load()
    with pytest.raises(omero.ValidationException):
        opened.lookupPixels(999_999_999)
    opened.lookupPixels(image.pixels_id)
    with pytest.raises(omero.ApiUsageException, match="lookupRenderingDef"):
        opened.load()
    assert not opened.lookupRenderingDef(image.pixels_id)
    with pytest.raises(omero.ApiUsageException):
        opened.getRenderingDefId()
    with pytest.raises(omero.ApiUsageException):
        opened.renderCompressed(xy())
    opened.close()


@pytest.mark.parametrize(
    "call",
    [
        lambda e: e.renderCompressed(xy(9, 0)),
        lambda e: e.renderCompressed(xy(0, 2)),
        lambda e: e.setActive(3, True),
        lambda e: e.getRGBA(-1),
        lambda e: e.setRGBA(0, 256, 0, 0, 255),
        lambda e: e.setResolutionLevel(1),
        lambda e: e.setCodomainInterval(200, 100),
        lambda e: e.setQuantumStrategy(100),
        lambda e: e.setDefaultZ(4),
    ],
)
def test_bad_arguments_are_refused(
    user: Any, make_image: Callable, samples: np.ndarray, call: Callable
) -> None:
    image = make_image(user, "uint16", samples)
    with engine(user, image.pixels_id) as opened, pytest.raises(omero.ApiUsageException):
        call(opened)


def test_settings_of_the_owner_serve_until_a_member_saves(
    login: Callable, make_group: Callable, make_user: Callable, make_image: Callable, samples: np.ndarray
) -> None:
    group = make_group("rwr---")
    owner, member = login(make_user(group)), login(make_user(group))
    image = make_image(owner, "uint16", samples)
    with engine(owner, image.pixels_id) as opened:
        opened.setChannelWindow(0, 5.0, 50.0)
        opened.saveCurrentSettings()
        owners = opened.getRenderingDefId()
    with engine(member, image.pixels_id) as opened:
        assert opened.getRenderingDefId() == owners
        assert opened.getChannelWindowEnd(0) == 50.0
        opened.setChannelWindow(0, 6.0, 60.0)
        opened.saveCurrentSettings()
        assert opened.getRenderingDefId() != owners
    with engine(owner, image.pixels_id) as opened:
        assert opened.getChannelWindowEnd(0) == 50.0


def test_settings_chosen_by_id_are_changed_in_place_only_with_the_right_to(
    login: Callable, make_group: Callable, make_user: Callable, make_image: Callable, samples: np.ndarray
) -> None:
    group = make_group("rwr---")
    owner, member = login(make_user(group)), login(make_user(group))
    image = make_image(owner, "uint16", samples)
    with engine(owner, image.pixels_id) as opened:
        owners = opened.getRenderingDefId()
    opened = member.sf.createRenderingEngine()
    opened.lookupPixels(image.pixels_id)
    opened.loadRenderingDef(owners)
    opened.load()
    with pytest.raises(omero.SecurityViolation):
        opened.saveCurrentSettings()
    with pytest.raises(omero.ValidationException):
        opened.loadRenderingDef(999_999_999)
    opened.close()


def test_administrators_cannot_have_settings_in_private_groups(
    root: Any,
    login: Callable,
    make_group: Callable,
    make_user: Callable,
    make_image: Callable,
    samples: np.ndarray,
) -> None:
    group = make_group("rw----")
    person = make_user(group)
    image = make_image(login(person), "uint16", samples)
    opened = root.sf.createRenderingEngine()
    context = {"omero.group": str(group)}
    opened.lookupPixels(image.pixels_id, context)
    assert not opened.lookupRenderingDef(image.pixels_id, context)
    with pytest.raises(omero.ReadOnlyGroupSecurityViolation):
        opened.resetDefaultSettings(True, context)
    as_owner = {**context, "omero.user": str(person.id)}
    opened.resetDefaultSettings(True, as_owner)
    assert opened.lookupRenderingDef(image.pixels_id, as_owner)
    opened.close()


def test_missing_statistics_are_taken_from_the_middle_plane(
    server: Any, user: Any, make_image: Callable
) -> None:
    samples = np.arange(6 * 8 * 8, dtype=np.float32).reshape(1, 1, 6, 8, 8)
    image = make_image(user, "float", samples, statistics=False)
    channels = table_of("Channel")
    with server.server.database.write() as connection:
        connection.execute(
            channels.update().where(channels.c.pixels == image.pixels_id).values(statsinfo=None)
        )
    with engine(user, image.pixels_id) as opened:
        middle = samples[0, 0, 2]
        assert (opened.getChannelWindowStart(0), opened.getChannelWindowEnd(0)) == (
            middle.min(),
            middle.max(),
        )
        with Image.open(BytesIO(opened.renderCompressed(xy()))) as picture:
            assert picture.size == (8, 8)
