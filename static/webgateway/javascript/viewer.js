/** Entry of the full image viewer. ui.md, section 10. */

import { h, icon } from "../../common/javascript/dom.js";
import { getJSON } from "../../common/javascript/http.js";
import { openDialog, reportError } from "../../common/javascript/dialog.js";
import { ChannelControls } from "./channel_controls.js";
import { PlaneSlider } from "./plane_slider.js";
import { RenderingSettings } from "./rendering_settings.js";
import { Rois } from "./rois.js";
import { ScaleBar } from "./scale_bar.js";
import { SettingsToolbar } from "./settings_toolbar.js";
import { Viewport } from "./viewport.js";
import { viewerKeys } from "./viewer_keys.js";

const MESSAGE_TIME = 5000;
const TIMEOUT = 10000;

const root = document.getElementById("viewer");
const imageId = Number(root.dataset.image);
const server = root.dataset.server.replace(/\/$/, "");
const gateway = root.dataset.gateway.replace(/\/$/, "");
const query = new URLSearchParams(window.location.search);
const view = root.querySelector(".viewer-view");
const sections = root.querySelector(".viewer-sections");

const message = h("div", { class: "viewer-message", role: "status", hidden: true });
view.append(message);
let messageTimer = null;

function say(text, time) {
  clearTimeout(messageTimer);
  message.textContent = text ?? "";
  message.hidden = !text;
  if (time) messageTimer = setTimeout(() => (message.hidden = true), time);
}

function section(title, ...children) {
  const element = h("section", {}, h("h2", {}, title), children);
  sections.append(element);
  return element;
}

const row = (...children) => h("div", { class: "row" }, children);

async function loadData() {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT);
  try {
    return await getJSON(`${server}/imgData/${imageId}/`, {}, { signal: stop.signal });
  } finally {
    clearTimeout(timer);
  }
}

/** What the address overrides: c, m, maps, z, t, p, q, zm, x, y, ia. UI-VIEW-50, 51. */
function applyAddress(settings, viewport) {
  const plane = (name, now) => (query.has(name) ? Number(query.get(name)) - 1 : now);
  if (query.has("c") || query.has("m"))
    settings.applyQuery({ c: query.get("c"), m: query.get("m"), maps: query.get("maps") });
  settings.done = [];
  if (query.has("z") || query.has("t")) settings.setPlane(plane("z", settings.z), plane("t", settings.t));
  const projected = ["intmax", "split"].find((name) => query.get("p")?.startsWith(name));
  if (projected && !settings.data.tiles) settings.setProjection(projected);
  if (query.has("zm")) viewport.setZoom(Number(query.get("zm")), false);
  if (query.has("x") && query.has("y")) viewport.setCenter(Number(query.get("x")), Number(query.get("y")));
}

function viewSection(settings, viewport) {
  const { data } = settings;
  const zoom = h("input", {
    type: "number",
    class: "zoom",
    min: 1,
    max: 3200,
    "aria-label": "Zoom in percent",
  });
  zoom.addEventListener("change", () => viewport.setZoom(Number(zoom.value)));
  viewport.addEventListener("zoom", () => (zoom.value = viewport.zoom));
  zoom.value = viewport.zoom;
  const small = (label, action, props = {}) =>
    h("button", { type: "button", class: "button small", on: { click: action }, ...props }, label);
  section(
    "View",
    row(
      small([icon("zoom-out")], () => viewport.zoomOut(), { title: "Zoom out", "aria-label": "Zoom out" }),
      zoom,
      "%",
      small([icon("zoom-in")], () => viewport.zoomIn(), { title: "Zoom in", "aria-label": "Zoom in" }),
      small("1:1", () => viewport.setZoom(100), { title: "Actual size" }),
      small([icon("fit"), "Fit"], () => viewport.fit(), { title: "Zoom image to fit" }),
    ),
    row(
      projection(settings),
      interpolation(viewport),
      data.pixel_size.x ? scaleBar(viewport, data.pixel_size.x) : null,
    ),
    row(quality(settings)),
  );
}

function projection(settings) {
  const { data } = settings;
  if (data.tiles || (data.size.z < 2 && data.size.c < 2)) return null;
  const option = (value, label, possible) => h("option", { value, disabled: !possible }, label);
  const select = h(
    "select",
    { "aria-label": "Projection" },
    option("normal", "Normal", true),
    option("intmax", "Max Intensity", data.size.z > 1),
    option("split", "Split Channel", data.size.c > 1),
  );
  select.value = settings.state.projection;
  select.addEventListener("change", () => settings.setProjection(select.value));
  return select;
}

function quality(settings) {
  const select = h(
    "select",
    { "aria-label": "Quality" },
    [
      ["", "Default quality"],
      ["1.0", "High"],
      ["0.9", "Normal"],
      ["0.5", "Low"],
    ].map(([value, label]) => h("option", { value }, label)),
  );
  select.value = query.get("q") ?? "";
  select.addEventListener("change", () => settings.setQuality(select.value || null));
  return select;
}

function checkbox(label, checked, listener) {
  const input = h("input", { type: "checkbox", checked });
  input.addEventListener("change", () => listener(input.checked));
  return h("label", { class: "check" }, input, label);
}

const interpolation = (viewport) =>
  checkbox("Interpolate", viewport.interpolate, (on) => viewport.setInterpolate(on));

function scaleBar(viewport, pixelSize) {
  const bar = new ScaleBar(viewport, pixelSize);
  bar.show(true);
  return checkbox("Scale bar", true, (on) => bar.show(on));
}

function magnification(viewport, data) {
  const label = h("div", { class: "magnification" });
  const update = () => {
    const scale = 1 / viewport.map.getView().getResolution();
    label.textContent = data.nominalMagnification
      ? `Magnification: ${Number((data.nominalMagnification * scale).toPrecision(3))}x`
      : `Scale: ${Number((scale * 100).toPrecision(3))}%`;
  };
  viewport.addEventListener("zoom", update);
  update();
  view.append(label);
}

function channelSection(settings) {
  const toolbar = new SettingsToolbar(settings, { server, onSaved: refreshOpener });
  const loadImported = async () => {
    try {
      settings.applyDocument(await getJSON(`${server}/imgData/${imageId}/`, { getDefaults: true }));
    } catch (error) {
      reportError("Imported settings not loaded", error);
    }
  };
  const controls = new ChannelControls(settings, { server, gateway, loadImported });
  section("Channels", toolbar.element, controls.element);
}

/** The page that opened the viewer shows the image's thumbnail. */
function refreshOpener() {
  const opener = window.opener;
  if (opener && !opener.closed && opener.OME?.refreshThumbnails) opener.OME.refreshThumbnails({ imageId });
}

function infoSection(settings, viewport) {
  const { data } = settings;
  const plane = h("td");
  const showPlane = () =>
    (plane.textContent = `Z: ${settings.z + 1}/${data.size.z} | T: ${settings.t + 1}/${data.size.t}`);
  settings.addEventListener("change", showPlane);
  showPlane();
  const size = (value) => (value ? `${Number(value.toPrecision(4))} µm` : "-");
  const fact = (name, value) =>
    h("tr", {}, h("th", { scope: "row" }, name), value instanceof Node ? value : h("td", {}, value));
  section(
    "Image Information",
    h(
      "table",
      { class: "viewer-facts" },
      fact("Plane", plane),
      fact("Owner", data.meta.imageAuthor),
      fact("Dimensions", `${data.size.width} x ${data.size.height}`),
      fact("Pixels Type", data.meta.pixelsType),
      fact(
        "Pixel size",
        `${size(data.pixel_size.x)} x ${size(data.pixel_size.y)}${data.pixel_size.z ? ` x ${size(data.pixel_size.z)}` : ""}`,
      ),
      fact("ROI Count", root.dataset.roiCount),
    ),
    row(
      h(
        "button",
        { type: "button", class: "button small", on: { click: () => showLink(settings, viewport) } },
        icon("link"),
        "Image Link",
      ),
    ),
  );
}

/** A link that shows the same view. UI-VIEW-40. */
function showLink(settings, viewport) {
  const values = settings.fullQuery();
  if (settings.state.projection !== "normal") values.set("p", settings.state.projection);
  if (settings.quality) values.set("q", settings.quality);
  values.set("zm", viewport.zoom);
  const [x, y] = viewport.center;
  values.set("x", Math.round(x));
  values.set("y", Math.round(y));
  const field = h(
    "textarea",
    { rows: 5, readonly: true, "aria-label": "Link" },
    `${window.location.origin}${window.location.pathname}?${values}`,
  );
  openDialog({
    title: "Image Link",
    body: field,
    buttons: [{ label: "Close", value: "close" }],
    onopen: () => field.select(),
  });
}

function neighbours() {
  const opener = window.opener;
  let ids = [];
  try {
    ids =
      opener && !opener.closed
        ? [...opener.document.querySelectorAll("#dataIcons li")].map((item) => Number(item.dataset.id))
        : [];
  } catch {
    return null; // another site's page opened the viewer
  }
  const at = ids.indexOf(imageId);
  const go = (id) =>
    id !== undefined &&
    (window.location.href = `${server}/img_detail/${id}/${query.has("dataset") ? `?dataset=${query.get("dataset")}` : ""}`);
  const button = (label, id) =>
    h(
      "button",
      {
        type: "button",
        class: "button small",
        disabled: at < 0 || id === undefined,
        on: { click: () => go(id) },
      },
      label,
    );
  section("Images", row(button("< Prev", ids[at - 1]), button("Next >", at < 0 ? undefined : ids[at + 1])));
  return { previous: () => go(ids[at - 1]), next: () => at >= 0 && go(ids[at + 1]) };
}

function warnAboutUnsaved(settings) {
  window.addEventListener("beforeunload", (event) => {
    const edited = settings.done.length > 0 && settings.isChanged && settings.data.perms.canAnnotate;
    if (edited) event.preventDefault();
  });
}

async function start() {
  say("Loading...");
  let data;
  try {
    data = await loadData();
  } catch (error) {
    say(
      error.name === "AbortError"
        ? "The server does not answer. Try again later."
        : `The image cannot be shown: ${error.message}`,
    );
    return;
  }
  if (data.ConcurrencyException) {
    say("A pyramid of this image is being made. Come back later.");
    return;
  }
  if (data.Exception || !data.channels?.length) {
    say(`The image cannot be shown: ${data.Exception ?? "its pixels cannot be read"}`);
    return;
  }
  const settings = new RenderingSettings(data);
  const interpolate = query.has("ia") ? query.get("ia") === "1" : data.interpolate;
  const viewport = new Viewport(view, settings, { server, interpolate });
  viewport.addEventListener("loading", ({ detail }) => say(detail.loading ? "Loading..." : null));
  viewport.addEventListener("failed", () => say("A part of the image could not be loaded.", MESSAGE_TIME));
  applyAddress(settings, viewport);
  const main = root.querySelector(".viewer-main");
  const sliders = {
    z: new PlaneSlider("z", settings, viewport, true),
    t: new PlaneSlider("t", settings, viewport),
  };
  main.append(sliders.z.element, sliders.t.element);
  viewSection(settings, viewport);
  channelSection(settings);
  infoSection(settings, viewport);
  const count = Number(root.dataset.roiCount);
  const rois = new Rois(settings, viewport, { gateway, count, limit: Number(root.dataset.roiLimit) });
  section("ROIs", rois.element);
  const images = neighbours();
  if (data.tiles) {
    magnification(viewport, data);
    viewport.addOverview();
  }
  viewerKeys({ settings, viewport, sliders, images });
  warnAboutUnsaved(settings);
  viewport.map.updateSize();
  if (!query.has("zm")) viewport.fit();
  Object.assign(window, { viewport, renderingSettings: settings });
  root.dataset.ready = "1";
}

start();
