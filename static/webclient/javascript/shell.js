/** What every logged-in page has: panels, chooser, menus, activities, tabs, and the OME functions of plug-ins. */

import { menuButton } from "../../common/javascript/menu.js";
import { alert, confirm, whileWaiting } from "../../common/javascript/dialog.js";
import { startActivities } from "./activities.js";
import { startChooser } from "./chooser.js";
import { startLayout } from "./layout.js";
import { startSession } from "./session.js";
import { clearSelection, getSelection } from "./selection.js";

const { OME, jQuery: $ } = window;

/** Functions that plug-ins call. contract/plugins.md, section 7.7; ui.md, UI-API-02. */
Object.assign(OME, {
  clear_selected: clearSelection,
  confirm_dialog(text, callback, title = "Confirm", labels = ["OK", "Cancel"]) {
    confirm(text, { title, ok: labels[0], cancel: labels[1] }).then((ok) => {
      const event = $.Event("dialogclose", { currentTarget: { name: ok ? labels[0] : labels[1] } });
      callback?.call({ name: ok ? labels[0] : labels[1] }, event);
    });
    return { data: () => null };
  },
  alert_dialog: (text) => alert(text),
  progress_overlay: (promise, text) => whileWaiting(Promise.resolve(promise), text ?? "Saving..."),
  nodeHasPermission: (node, right) => (node.data?.obj?.permsCss ?? "").split(" ").includes(right),
  getCustomRightPanelUrl: OME.getCustomRightPanelUrl ?? (() => undefined),
  setupAjaxError() {},
  set_center_plugin_enabled(index, enabled) {
    const option = document.querySelectorAll("#source option")[index];
    if (option) option.disabled = !enabled;
  },
  openScriptWindow(event, width = 800, height = 600) {
    const { href } = event.target;
    if (!href || href === "#") return false;
    const groups = new Map();
    for (const { id } of getSelection()) {
      const [type, number] = id.split("-");
      const name = type.charAt(0).toUpperCase() + type.slice(1);
      groups.set(name, [...(groups.get(name) ?? []), number]);
    }
    const query = [...groups].map(([name, ids]) => `${name}=${ids.join(",")}`).join("&");
    OME.openCenteredWindow(query ? `${href}?${query}` : href, width, height);
    return false;
  },
});

function startCenterChooser() {
  const select = document.querySelector("[data-center-chooser]");
  select?.addEventListener("change", () => {
    for (const option of select.options)
      document.querySelector(option.value).hidden = option !== select.selectedOptions[0];
    $("#center_panel_chooser").trigger("center_plugin_changed.ome");
  });
}

/** jQuery UI tabs, as plug-ins expect. Every tab is in the tab order: arrow keys belong to the tree (UI-LAY-10). */
function startTabs() {
  const tabs = $("#annotation_tabs");
  if (!tabs.length) return;
  const others = $("#annotation_tabs_list > li").length - 1;
  tabs.tabs({
    disabled: Array.from({ length: others }, (_, index) => index + 1),
    classes: { "ui-tabs": "", "ui-tabs-nav": "", "ui-tabs-panel": "ui-tabs-panel" },
  });
  const instance = tabs.tabs("instance");
  instance._tabKeydown = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    tabs.tabs("option", "active", instance.tabs.index(event.currentTarget));
  };
  const reachable = () =>
    instance.tabs.each(function () {
      this.tabIndex = this.getAttribute("aria-disabled") === "true" ? -1 : 0;
    });
  tabs.on("tabsactivate", reachable);
  $("body").on("selection_change.ome", () => setTimeout(reachable));
  reachable();
}

startLayout();
startSession();
startChooser();
startActivities();
startCenterChooser();
startTabs();
const userButton = document.getElementById("user_menu_button");
if (userButton) menuButton(userButton, document.getElementById("user_menu"));
const here = window.location.pathname;
document
  .querySelectorAll(".top-links a")
  .forEach((link) => new URL(link.href).pathname === here && link.setAttribute("aria-current", "page"));
