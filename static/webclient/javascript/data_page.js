/** Entry of the data page: tree, its tool bar and filter, links to the page's other parts. */

import { debounce } from "../../common/javascript/dom.js";
import { loadOpeners } from "./open_with.js";
import { onSelectionChange } from "./selection.js";
import { containerOf, createTree, getTree } from "./tree/tree.js";
import { startToolbar } from "./tree/toolbar.js";

const { OME } = window;

OME.startTree = () => {
  createTree();
  startToolbar();
};
OME.getTreeImageContainerBestGuess = containerOf;
OME.get_tree_selection = () =>
  getTree()
    .get_selected(true)
    .map((node) => `${node.type}-${node.data.id}`)
    .join("|");
OME.getParentId = () => {
  const tree = getTree();
  const [node] = tree.get_selected(true);
  const parent = node && tree.get_node(node.parent);
  return parent?.data ? `${parent.type}-${parent.data.id}` : undefined;
};

/** A reload comes back to the same objects. UI-FIX-16, 17. */
function rememberSelection(selected) {
  const known = ["project", "dataset", "image", "screen", "plate", "acquisition", "tag", "tagset"];
  if (!selected.length || !selected.every((entry) => known.includes(entry.rel))) return;
  const url = new URL(window.location.href);
  url.search = `show=${selected.map((entry) => entry.id.replace("acquisition", "run")).join("|")}`;
  if (url.search.length < 1500) window.history.replaceState(null, "", url);
}

onSelectionChange(rememberSelection);

const filter = document.getElementById("tree_filter");
filter?.addEventListener(
  "input",
  debounce(() => {
    if (filter.value.trim()) getTree().search(filter.value.trim());
    else getTree().clear_search();
  }, 300),
);

loadOpeners();
