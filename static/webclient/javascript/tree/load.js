/** Children of tree nodes from the server. ui.md, section 3.3; contract/plugins.md, section 7.6. */

import { getJSON } from "../../../common/javascript/http.js";
import { reportError } from "../../../common/javascript/dialog.js";
import { childrenUrl, nodesFrom } from "./nodes.js";

function isPaged(node) {
  return window.WEBCLIENT.UI.TREE.pagination_nodes.includes(node.type);
}

function query(node, root, page) {
  const { WEBCLIENT } = window;
  const values = { group: WEBCLIENT.active_group_id, ...node.data?.obj?.extra };
  const owner = root.type === "experimenter" ? root.data.id : WEBCLIENT.active_user.id;
  if (node.type === "experimenter") {
    values.page = 0;
    if (WEBCLIENT.TAG_TREE) Object.assign(values, { experimenter_id: node.data.id, orphaned: true });
    else values.id = node.data.id;
    return values;
  }
  if (node.type === "orphaned") Object.assign(values, { orphaned: true, experimenter_id: owner });
  else values.id = node.data.id;
  if (["dataset", "orphaned", "tag"].includes(node.type))
    Object.assign(values, { sizeXYZ: true, date: true });
  values.page = isPaged(node) ? page : 0;
  return values;
}

/** jsTree's `core.data`: `(node, callback, payload)` with the instance as `this`. */
export function loadChildren(node, callback, payload) {
  const instance = this;
  const initial = payload ?? takePayload();
  const url = childrenUrl(node.type === undefined ? "#" : node.type);
  if (node.id === "#") {
    getJSON(url.replace(/-?\d+\/$/, `${window.WEBCLIENT.active_user.id}/`), initial)
      .then((answer) => callback.call(instance, nodesFrom(answer)))
      .catch((error) => {
        reportError("The tree could not be loaded", error);
        callback.call(instance, false);
      });
    return;
  }
  if (!url) {
    callback.call(instance, []);
    return;
  }
  const top = instance.get_node(node.parents.at(-2) ?? node.id);
  const page = instance.pages?.get(pageKey(node)) ?? 1;
  getJSON(url, { ...query(node, top, page), ...initial })
    .then((answer) => callback.call(instance, nodesFrom(answer)))
    .catch((error) => {
      reportError(`“${node.text}” could not be opened`, error);
      callback.call(instance, false);
    });
}

export function pageKey(node) {
  return `${node.type}-${node.data.id}`;
}

function takePayload() {
  const tree = window.jQuery("#dataTree");
  const payload = tree.data("payload");
  if (payload) tree.removeData("payload");
  return payload;
}
