"""Addresses below `/webclient/`. Source: contract/webclient.md, section 1.

Views are looked up on the module `views` while this module is loaded: add-on apps may have replaced them there.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import URLPattern, re_path
from django.utils.module_loading import import_string

from omeroweb.webclient import views
from omeroweb.webclient.views.images import default_picture
from omeroweb.webgateway import views as webgateway

viewer = import_string(settings.VIEWER_VIEW)

pages: list[URLPattern] = [
    re_path(r"^$", views.load_template, {"menu": "userdata"}, name="webindex"),
    re_path(
        r"^(?P<menu>userdata|public|history|search|help|usertags)/$",
        views.load_template,
        name="load_template",
    ),
    re_path(r"^userdata/$", views.load_template, {"menu": "userdata"}, name="userdata"),
    re_path(r"^history/$", views.load_template, {"menu": "history"}, name="history"),
    re_path(r"^login/$", views.WebclientLoginView.as_view(), name="weblogin"),
    re_path(r"^logout/$", views.logout, name="weblogout"),
    re_path(r"^active_group/$", views.change_active_group, name="change_active_group"),
    re_path(r"^group_user_content/$", views.group_user_content, name="group_user_content"),
    re_path(r"^keepalive_ping/$", views.keepalive_ping, name="keepalive_ping"),
    re_path(r"^avatar/(?P<oid>[0-9]+)/$", views.avatar, name="avatar"),
]

tree: list[URLPattern] = [
    re_path(r"^api/groups/$", views.api_group_list, name="api_groups"),
    re_path(
        r"^api/experimenters/(?P<experimenter_id>-?[0-9]+)/$",
        views.api_experimenter_detail,
        name="api_experimenter",
    ),
    re_path(r"^api/containers/$", views.api_container_list, name="api_containers"),
    re_path(r"^api/datasets/$", views.api_dataset_list, name="api_datasets"),
    re_path(r"^api/images/$", views.api_image_list, name="api_images"),
    re_path(r"^api/share_images/(?P<share_id>[0-9]+)/$", views.api_share_image_list, name="api_share_images"),
    re_path(r"^api/plates/$", views.api_plate_list, name="api_plates"),
    re_path(r"^api/plate_acquisitions/$", views.api_plate_acquisition_list, name="api_plate_acquisitions"),
    re_path(r"^api/tags/$", views.api_tags_and_tagged_list, name="api_tags_and_tagged"),
    re_path(r"^api/shares/$", views.api_share_list, name="api_shares"),
    re_path(r"^api/annotations/$", views.api_annotations, name="api_annotations"),
    re_path(r"^api/paths_to_object/$", views.api_paths_to_object, name="api_paths_to_object"),
    re_path(r"^api/parent_links/$", views.api_parent_links, name="api_parent_links"),
    re_path(r"^api/links/$", views.api_links, name="api_links"),
]

actions: list[URLPattern] = [
    re_path(
        r"^action/(?P<action>[a-zA-Z]+)/(?:(?P<o_type>[a-zA-Z]+)/)?(?:(?P<o_id>[0-9]+)/)?$",
        views.manage_action_containers,
        name="manage_action_containers",
    ),
    re_path(r"^batch_annotate/$", views.batch_annotate, name="batch_annotate"),
    re_path(r"^annotate_tags/$", views.annotate_tags, name="annotate_tags"),
    re_path(
        r"^marshal_tagging_form_data/$", views.marshal_tagging_form_data, name="marshal_tagging_form_data"
    ),
    re_path(r"^annotate_rating/$", views.annotate_rating, name="annotate_rating"),
    re_path(r"^annotate_comment/$", views.annotate_comment, name="annotate_comment"),
    re_path(r"^annotate_file/$", views.annotate_file, name="annotate_file"),
    re_path(r"^annotate_map/$", views.annotate_map, name="annotate_map"),
    re_path(
        r"^edit_channel_names/(?P<imageId>[0-9]+)/$", views.edit_channel_names, name="edit_channel_names"
    ),
    re_path(r"^fileset_check/(?P<action>delete|chgrp)/$", views.fileset_check, name="fileset_check"),
    re_path(r"^activities/", views.activities, name="activities"),
    re_path(r"^activities_json/", views.activities_json, name="activities_json"),
    re_path(
        r"^activities_update/(?:(?P<action>clean)/)?$", views.activities_update, name="activities_update"
    ),
]

SHARE = r"(?:(?P<share_id>[0-9]+)/)?"
panels: list[URLPattern] = [
    re_path(
        rf"^metadata_details/(?:(?P<c_type>[a-zA-Z]+)/(?P<c_id>[0-9]+)/)?{SHARE}$",
        views.load_metadata_details,
        name="load_metadata_details",
    ),
    re_path(
        rf"^metadata_acquisition/(?P<c_type>[a-zA-Z]+)/(?P<c_id>[0-9]+)/{SHARE}$",
        views.load_metadata_acquisition,
        name="load_metadata_acquisition",
    ),
    re_path(
        rf"^metadata_preview/(?P<c_type>[a-zA-Z]+)/(?P<c_id>[0-9]+)/{SHARE}$",
        views.load_metadata_preview,
        name="load_metadata_preview",
    ),
    re_path(
        rf"^metadata_hierarchy/(?P<c_type>[a-zA-Z]+)/(?P<c_id>[0-9]+)/{SHARE}$",
        views.load_metadata_hierarchy,
        name="load_metadata_hierarchy",
    ),
    re_path(
        r"^load_plate/(?:(?P<o1_type>[a-zA-Z]+)/)?(?:(?P<o1_id>[0-9]+)/)?$",
        views.load_plate,
        name="load_plate",
    ),
    re_path(
        rf"^load_original_metadata/(?P<imageId>[0-9]+)/{SHARE}$",
        views.load_original_metadata,
        name="load_original_metadata",
    ),
    re_path(
        r"^download_orig_metadata/(?P<imageId>[0-9]+)/$",
        views.download_orig_metadata,
        name="download_orig_metadata",
    ),
]

files: list[URLPattern] = [
    re_path(
        r"^get_original_file/(?:(?P<fileId>[0-9]+)/)?$", views.get_original_file, name="get_original_file"
    ),
    re_path(
        r"^download_original_file/(?:(?P<fileId>[0-9]+)/)?$",
        views.get_original_file,
        {"download": True},
        name="download_original_file",
    ),
    re_path(r"^annotation/(?P<annId>[0-9]+)/$", views.download_annotation, name="download_annotation"),
    re_path(r"^download_placeholder/$", views.download_placeholder, name="download_placeholder"),
    re_path(r"^ome_tiff_info/(?P<imageId>[0-9]+)/$", views.ome_tiff_info, name="ome_tiff_info"),
]

PLANE = r"(?P<iid>[0-9]+)/(?:(?P<z>[0-9]+)/)?(?:(?P<t>[0-9]+)/)?$"
DEFAULT: dict[str, Any] = {"_defcb": default_picture}
# name, pattern, view of webgateway, its extra arguments
SHARED: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("get_thumbnails_json", rf"^get_thumbnails/{SHARE}$", "get_thumbnails_json", {}),
    ("get_thumbnail_json", rf"^get_thumbnail/(?P<iid>[0-9]+)/{SHARE}$", "get_thumbnail_json", DEFAULT),
    ("render_thumbnail", rf"^render_thumbnail/(?P<iid>[0-9]+)/{SHARE}$", "render_thumbnail", DEFAULT),
    (
        "render_thumbnail_resize",
        rf"^render_thumbnail/size/(?P<w>[0-9]+)/(?P<iid>[0-9]+)/{SHARE}$",
        "render_thumbnail",
        DEFAULT,
    ),
    (
        "web_render_image_region",
        rf"^{SHARE}render_image_region/(?P<iid>[0-9]+)/(?P<z>[0-9]+)/(?P<t>[0-9]+)/$",
        "render_image_region",
        {},
    ),
    (
        "web_render_birds_eye_view",
        rf"^{SHARE}render_birds_eye_view/(?P<iid>[0-9]+)/(?:(?P<size>[0-9]+)/)?$",
        "render_birds_eye_view",
        {},
    ),
    ("web_render_image", rf"^{SHARE}render_image/{PLANE}", "render_image", {}),
    (
        "web_render_image_download",
        rf"^{SHARE}render_image_download/{PLANE}",
        "render_image",
        {"download": True},
    ),
    ("web_imageData_json", rf"^{SHARE}imgData/(?P<iid>[0-9]+)/$", "imageData_json", {}),
    (
        "web_render_row_plot",
        rf"^{SHARE}render_row_plot/(?P<iid>[0-9]+)/(?P<z>[0-9]+)/(?P<t>[0-9]+)/(?P<y>[0-9]+)/(?:(?P<w>[0-9]+)/)?$",
        "render_row_plot",
        {},
    ),
    (
        "web_render_col_plot",
        rf"^{SHARE}render_col_plot/(?P<iid>[0-9]+)/(?P<z>[0-9]+)/(?P<t>[0-9]+)/(?P<x>[0-9]+)/(?:(?P<w>[0-9]+)/)?$",
        "render_col_plot",
        {},
    ),
    (
        "web_render_split_channel",
        rf"^{SHARE}render_split_channel/(?P<iid>[0-9]+)/(?P<z>[0-9]+)/(?P<t>[0-9]+)/$",
        "render_split_channel",
        {},
    ),
    ("web_save_image_rdef_json", r"^saveImgRDef/(?P<iid>[0-9]+)/$", "save_image_rdef_json", {}),
    ("web_get_image_rdef_json", rf"^{SHARE}getImgRDef/$", "get_image_rdef_json", {}),
    ("copy_image_rdef_json", rf"^{SHARE}copyImgRDef/$", "copy_image_rdef_json", {}),
    ("web_list_luts", rf"^{SHARE}luts/$", "listLuts_json", {}),
)

images: list[URLPattern] = [
    re_path(rf"^{SHARE}img_detail/(?P<iid>[0-9]+)/$", viewer, name="web_image_viewer"),
    *(re_path(pattern, getattr(webgateway, view), extra, name=name) for name, pattern, view, extra in SHARED),
]

urlpatterns: list[URLPattern] = [*pages, *tree, *actions, *panels, *files, *images]
