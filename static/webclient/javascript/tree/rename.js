/** New names from the tree's in-place editor or the right panel. ui.md, UI-TREE-19, UI-FIX-11. */

import { postForm } from "../../../common/javascript/http.js";
import { reportError } from "../../../common/javascript/dialog.js";

const $ = window.jQuery;

export async function requestName(type, id, name) {
  const answer = await postForm(`${window.WEBCLIENT.URLS.webindex}action/savename/${type}/${id}/`, { name });
  if (answer.bad === "true")
    throw new Error(typeof answer.errs === "string" ? answer.errs : "A name is required.");
}

/** Show the new name in every copy of the node, in thumbnails and in the right panel. */
export function showName(tree, type, id, name) {
  for (const copy of tree.locate_node(`${type}-${id}`) || []) {
    copy.data.obj.name = name;
    tree.set_text(copy, name);
    const anchor = tree.get_node(copy, true).children(".jstree-anchor")[0];
    if (anchor) anchor.title = name;
  }
  $("body").trigger("object_renamed.ome", [{ type, id, name }]);
}

/** After an edit in the tree: save, or put the old name back. */
export async function saveName(tree, node, name, old) {
  const { id } = node.data;
  if (!name.trim()) {
    showName(tree, node.type, id, old);
    reportError("Not renamed", new Error("A name is required."));
    return;
  }
  try {
    await requestName(node.type, id, name);
    showName(tree, node.type, id, name);
  } catch (error) {
    showName(tree, node.type, id, old);
    reportError("Not renamed", error);
  }
}
