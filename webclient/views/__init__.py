"""Views of the webclient by subject. Add-on apps import, wrap and replace the names in this module."""

from omeroweb.webclient.parameters import get_bool_or_default, get_list, get_long_or_default
from omeroweb.webclient.script_jobs import run_script
from omeroweb.webclient.views.activities import activities, activities_json, activities_update
from omeroweb.webclient.views.annotations import (
    annotate_comment,
    annotate_file,
    annotate_map,
    annotate_rating,
    annotate_tags,
    batch_annotate,
    marshal_tagging_form_data,
)
from omeroweb.webclient.views.containers import manage_action_containers
from omeroweb.webclient.views.downloads import download_placeholder, ome_tiff_info
from omeroweb.webclient.views.files import download_annotation, get_original_file
from omeroweb.webclient.views.filesets import fileset_check
from omeroweb.webclient.views.images import image_viewer
from omeroweb.webclient.views.links import api_links
from omeroweb.webclient.views.login import WebclientLoginView, logout
from omeroweb.webclient.views.originals import (
    download_orig_metadata,
    edit_channel_names,
    load_original_metadata,
)
from omeroweb.webclient.views.pages import (
    _load_template,
    avatar,
    change_active_group,
    fake_experimenter,
    group_user_content,
    keepalive_ping,
    load_template,
    switch_active_group,
)
from omeroweb.webclient.views.panels import (
    load_metadata_acquisition,
    load_metadata_details,
    load_metadata_hierarchy,
    load_metadata_preview,
)
from omeroweb.webclient.views.plates import load_plate
from omeroweb.webclient.views.tree import (
    api_annotations,
    api_container_list,
    api_dataset_list,
    api_experimenter_detail,
    api_group_list,
    api_image_list,
    api_parent_links,
    api_paths_to_object,
    api_plate_acquisition_list,
    api_plate_list,
    api_share_image_list,
    api_share_list,
    api_tags_and_tagged_list,
)

__all__ = [
    "WebclientLoginView",
    "_load_template",
    "activities",
    "activities_json",
    "activities_update",
    "annotate_comment",
    "annotate_file",
    "annotate_map",
    "annotate_rating",
    "annotate_tags",
    "api_annotations",
    "api_container_list",
    "api_dataset_list",
    "api_experimenter_detail",
    "api_group_list",
    "api_image_list",
    "api_links",
    "api_parent_links",
    "api_paths_to_object",
    "api_plate_acquisition_list",
    "api_plate_list",
    "api_share_image_list",
    "api_share_list",
    "api_tags_and_tagged_list",
    "avatar",
    "batch_annotate",
    "change_active_group",
    "download_annotation",
    "download_orig_metadata",
    "download_placeholder",
    "edit_channel_names",
    "fake_experimenter",
    "fileset_check",
    "get_bool_or_default",
    "get_list",
    "get_long_or_default",
    "get_original_file",
    "group_user_content",
    "image_viewer",
    "keepalive_ping",
    "load_metadata_acquisition",
    "load_metadata_details",
    "load_metadata_hierarchy",
    "load_metadata_preview",
    "load_original_metadata",
    "load_plate",
    "load_template",
    "logout",
    "manage_action_containers",
    "marshal_tagging_form_data",
    "ome_tiff_info",
    "run_script",
    "switch_active_group",
]
