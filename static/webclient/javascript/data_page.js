/** Entry of the data page: tree, its tool bar and filter, links to the page's other parts. */

import { debounce } from "../../common/javascript/dom.js";
import { loadOpeners } from "./open_with.js";
import { containerOf, createTree, getTree } from "./tree/tree.js";
import { startToolbar } from "./tree/toolbar.js";

const { OME } = window;

OME.startTree = () => {
  createTree();
  startToolbar();
};
OME.getTreeImageContainerBestGuess = containerOf;
OME.get_tree_selection = () => getTree().get_selected(true).map((node) => `${node.type}-${node.data.id}`).join("|");
OME.getParentId = () => {
  const tree = getTree();
  const [node] = tree.get_selected(true);
  const parent = node && tree.get_node(node.parent);
  return parent?.data ? `${parent.type}-${parent.data.id}` : undefined;
};

const filter = document.getElementById("tree_filter");
filter?.addEventListener(
  "input",
  debounce(() => {
    if (filter.value.trim()) getTree().search(filter.value.trim());
    else getTree().clear_search();
  }, 300),
);

loadOpeners();
