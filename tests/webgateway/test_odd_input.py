"""Whatever is asked: no 500, no trace, no hang."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

NUMBERS = ("0", "1", "999999", "2147483648", "9223372036854775807", "99999999999999999999999999")
TEXTS = ("", "x", "-1", "1.5", "nan", "é", "\0", "'", '"<script>', "1;--", "9" * 40, "[" * 300, "1," * 300)

WITH_IMAGE = (
    "render_image/{n}/",
    "render_image/{id}/{n}/",
    "render_image/{id}/0/{n}/",
    "render_image_region/{id}/{n}/0/?region=0,0,5,5",
    "render_thumbnail/{n}/",
    "render_thumbnail/{id}/{n}/",
    "render_thumbnail/{id}/5/{n}/",
    "render_birds_eye_view/{id}/{n}/",
    "get_thumbnail/{n}/",
    "get_thumbnails/{n}/?id={id}&id=1",
    "get_thumbnails/?id={n}",
    "imgData/{n}/",
    "histogram_json/{n}/channel/0/",
    "histogram_json/{id}/channel/{n}/",
    "get_image_rdefs_json/{n}/",
    "compatImgRDef/{n}/",
    "get_rois_json/{n}/",
    "get_shape_json/{n}/{n}/",
    "proj/{n}/detail/",
    "proj/{n}/children/",
    "dataset/{n}/detail/",
    "dataset/{n}/children/",
    "well/{n}/children/",
    "wellData/{n}/",
    "plate/{n}/{n}/{n}/",
    "render_split_channel/{id}/{n}/0/",
    "render_row_plot/{id}/0/0/{n}/",
    "render_col_plot/{id}/0/0/1/{n}/",
    "render_roi_thumbnail/{n}/",
    "render_shape_thumbnail/{n}/",
    "render_shape_mask/{n}/",
    "img_detail/{n}/",
    "download_as/{n}/",
    "archived_files/download/{n}/",
    "original_file_paths/{n}/",
    "annotations/Project/{n}/",
    "copyImgRDef/?fromid={n}",
)
WITH_TEXT = (
    "render_image/{id}/0/0/?c={t}",
    "render_image/{id}/0/0/?c=1|{t}:5$F00&m={t}&p={t}&ia={t}",
    "render_image/{id}/0/0/?c=1|0:5${t}&maps={t}",
    "render_image/{id}/0/0/?q={t}",
    "render_image/{id}/0/0/?p=intmax|{t}:{t}",
    "render_image/{id}/0/0/?c=1|0:5$a{t}.lut&m=c",
    "render_image_region/{id}/0/0/?tile={t}",
    "render_image_region/{id}/0/0/?region={t}",
    "render_image_region/{id}/0/0/?region=0,0,{t},5",
    "render_thumbnail/{id}/?z={t}&t={t}",
    "render_thumbnail/{id}/?rdefId={t}",
    "get_thumbnails/?id={t}",
    "imgData/{id}/?callback={t}",
    "imgData/{id}/a{t}/",
    "histogram_json/{id}/channel/0/?bins={t}",
    "histogram_json/{id}/channel/0/?theZ={t}",
    "copyImgRDef/?fromid={t}",
    "copyImgRDef/?c={t}&maps={t}&imageId={t}",
    "well/1/children/?run={t}",
    "plate/1/?size={t}&layout={t}",
    "download_as/?image={t}",
    "download_as/?well={t}&index={t}",
    "download_as/?image={id}&image=1&zipname={t}",
    "download_as/?image={id}&format={t}",
    "archived_files/download/?image={t}&zipname={t}",
    "annotations/{t}/1/",
    "img_detail/{id}/?c={t}&z={t}",
    "render_shape_thumbnail/1/?color={t}",
    "luts/?rgb={t}",
    "search/?text={t}&author={t}",
    "search/?text=a&start={t}&limit={t}",
    "no/such/{t}/",
)


def asked(browser: Client, path: str) -> None:
    response = browser.get("/webgateway/" + path)
    content = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    assert response.status_code < 500, (path, response.status_code, content[:300])
    assert b"Traceback" not in content, path


@pytest.mark.parametrize("path", WITH_IMAGE)
def test_odd_numbers(browser: Client, image: Any, path: str) -> None:
    for number in NUMBERS:
        asked(browser, path.format(id=image.id, n=number))


@pytest.mark.parametrize("path", WITH_TEXT)
def test_odd_texts(browser: Client, image: Any, path: str) -> None:
    for text in TEXTS:
        asked(browser, path.replace("{id}", str(image.id)).replace("{t}", quote(text, safe="")))


def test_odd_bodies(browser: Client, image: Any) -> None:
    for text in TEXTS:
        for path, body in (
            ("saveImgRDef/{id}/", {"c": text, "m": text, "maps": text}),
            ("saveImgRDef/{id}/", {"c": f"1|{text}:5$F00,2|1:2$F00,3|1:2$F00", "m": "c", "z": text}),
            ("resetRDef/", {"toids": text, "to_type": text}),
            ("applyOwnersRDef/", {"toids": "1", "to_type": text}),
            ("copyImgRDef/", {"toids": text, "to_type": text, "c": text, "imageId": text, "m": text}),
            ("copyImgRDef/", {"toids": "1", "c": text, "imageId": str(image.id), "m": "c"}),
        ):
            response = browser.post("/webgateway/" + path.format(id=image.id), body)
            assert response.status_code < 500, (path, body, response.content[:300])
