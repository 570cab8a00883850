/** The Preview tab: picture, planes, channels, settings of other users. ui.md, section 9. */

import { h, spinner } from "../../common/javascript/dom.js";
import { getJSON, getText, postForm } from "../../common/javascript/http.js";
import { reportError } from "../../common/javascript/dialog.js";
import { ChannelControls } from "../../webgateway/javascript/channel_controls.js";
import { PlaneSlider } from "../../webgateway/javascript/plane_slider.js";
import { RenderingSettings } from "../../webgateway/javascript/rendering_settings.js";
import { save, SettingsToolbar } from "../../webgateway/javascript/settings_toolbar.js";
import { Viewport } from "../../webgateway/javascript/viewport.js";

const $ = window.jQuery;
const tab = document.getElementById("preview_tab");
const server = () => window.WEBCLIENT.URLS.webindex.replace(/\/$/, "");
const gateway = () => window.WEBCLIENT.URLS.webgateway.replace(/\/$/, "");
let shown = null;

function close() {
  shown?.viewport.destroy();
  shown = null;
}

/** Save to every image of the dataset or plate of the image. UI-PRE-05. */
function saveToAll(settings, imageId) {
  const node = window.OME.getTreeImageContainerBestGuess?.(imageId);
  if (!window.WEBCLIENT.CAN_CREATE || !node || !["dataset", "plate"].includes(node.type)) return null;
  return {
    label: node.type,
    async run() {
      await save(settings, server());
      await getJSON(`${server()}/copyImgRDef/`, { fromid: imageId });
      await postForm(`${server()}/copyImgRDef/`, { to_type: node.type, toids: [node.data.id] });
      window.OME.refreshThumbnails({});
    },
  };
}

function userSettings(settings, rdefs) {
  const apply = (rdef) => settings.applyQuery({ c: rdef.c, m: rdef.m });
  const buttons = rdefs.map((rdef) =>
    h(
      "button",
      { type: "button", "aria-pressed": String(Boolean(rdef.current)), on: { click: () => apply(rdef) } },
      h("img", { src: `${server()}/render_thumbnail/${settings.data.id}/?rdefId=${rdef.id}`, alt: "" }),
      h(
        "span",
        { class: rdef.is_image_owner ? "owner" : "" },
        typeof rdef.owner === "object"
          ? `${rdef.owner.firstName ?? ""} ${rdef.owner.lastName ?? ""}`.trim()
          : String(rdef.owner),
      ),
    ),
  );
  return buttons.length
    ? h("section", {}, h("h3", {}, "User Settings"), h("div", { class: "users-settings" }, buttons))
    : null;
}

async function show(root) {
  const imageId = Number(root.dataset.image);
  const view = root.querySelector(".preview-view");
  const controls = root.querySelector(".preview-controls");
  const data = await getJSON(`${server()}/imgData/${imageId}/`);
  if (!root.isConnected) return;
  if (data.ConcurrencyException || data.Exception || !data.channels?.length) {
    view.remove();
    controls.append(
      h(
        "p",
        { class: "notice" },
        data.ConcurrencyException
          ? "A pyramid of this image is being made. Come back later."
          : `The image cannot be shown: ${data.Exception ?? "its pixels cannot be read"}`,
      ),
    );
    return;
  }
  const settings = new RenderingSettings(data);
  const viewport = new Viewport(view, settings, { server: server(), interpolate: data.interpolate });
  shown = { settings, viewport };
  const fullViewer = h(
    "a",
    { class: "button small", target: "_blank", href: root.dataset.viewer },
    "Full viewer",
  );
  fullViewer.addEventListener(
    "click",
    () => (fullViewer.href = `${root.dataset.viewer}?${settings.fullQuery()}`),
  );
  const toolbar = new SettingsToolbar(settings, {
    server: server(),
    saveToAll: saveToAll(settings, imageId),
    onSaved: () => window.OME.refreshThumbnails({ imageId }),
  });
  const loadImported = async () => {
    try {
      settings.applyDocument(await getJSON(`${server()}/imgData/${imageId}/`, { getDefaults: true }));
    } catch (error) {
      reportError("Imported settings not loaded", error);
    }
  };
  const channels = new ChannelControls(settings, { server: server(), gateway: gateway(), loadImported });
  const planes = ["z", "t"]
    .filter((axis) => data.size[axis] > 1)
    .map((axis) => new PlaneSlider(axis, settings, viewport).element);
  const rdefs = JSON.parse(root.dataset.rdefs || "[]");
  controls.append(
    ...planes,
    toolbar.element,
    channels.element,
    ...[userSettings(settings, rdefs)].filter(Boolean),
  );
  root.prepend(h("div", { class: "general-toolbar" }, fullViewer));
  viewport.fit();
}

async function load(type, id, index) {
  close();
  tab.replaceChildren(spinner());
  try {
    const html = await getText(`${server()}/metadata_preview/${type}/${id}/`, { index });
    const [selected] = $("body").data("selected_objects.ome") ?? [];
    if (selected?.id !== `${type}-${id}`) return;
    tab.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    await show(tab.querySelector(".preview"));
  } catch (error) {
    tab.replaceChildren(h("p", { class: "notice error" }, error.message));
  }
}

$("#preview_tab").omeroweb_right_plugin({
  supported_obj_types: ["image", "well"],
  load_plugin_content(selected, type, id) {
    load(type, id, selected[0].index);
  },
});
$("body").on("selection_change.ome", close);
$("#right_panel").on("resize", () => shown?.viewport.map.updateSize());
