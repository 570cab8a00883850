/** The container tree: creation, selection, opening by URL, refresh. ui.md, sections 3.3 to 3.5. */

import { debounce } from "../../../common/javascript/dom.js";
import { getJSON } from "../../../common/javascript/http.js";
import { reportError, toast } from "../../../common/javascript/dialog.js";
import { setSelection } from "../selection.js";
import { openViewer } from "../open_viewer.js";
import { nodeTypes, compareNodes } from "./nodes.js";
import { loadChildren, pageKey } from "./load.js";
import { contextMenu } from "./context_menu.js";
import { checkChange, wireDragAndDrop } from "./moving.js";
import { saveName } from "./rename.js";
import "./plugins.js";

const $ = window.jQuery;
const SELECTOR = "#dataTree";

export function getTree() {
  return $.jstree.reference(SELECTOR);
}

/** One entry of the page's selection for a tree node. */
export function selectionEntry(node) {
  const object = node.data.obj;
  const entry = { id: `${node.type}-${node.data.id}`, rel: node.type, class: object.permsCss ?? "" };
  if (object.filesetId !== undefined) entry.fileset = object.filesetId;
  if (object.shareId !== undefined) entry.shareId = object.shareId;
  return entry;
}

/** A node may join the selection: same type as the rest, not there already, not about to be deleted. UI-TREE-11, 12, 18. */
function maySelect(node, event) {
  if (node.state.disabled || node.data?.pending) return false;
  const selected = this.get_selected(true).filter((other) => other.id !== node.id);
  if (!selected.length || !(event.ctrlKey || event.metaKey || event.shiftKey)) return true;
  if (event.shiftKey && selected[0].parent === node.parent) {
    selectRange(this, selected.at(-1), node);
    return false;
  }
  if (event.shiftKey) {
    this.deselect_all(true);
    this.select_node(node);
    return false;
  }
  return !selected.some((other) => other.type !== node.type || other.data.id === node.data.id);
}

/** Siblings of one type between two nodes. */
function selectRange(tree, from, to) {
  const siblings = tree.get_node(from.parent).children;
  const [first, last] = [siblings.indexOf(from.id), siblings.indexOf(to.id)].sort((a, b) => a - b);
  const range = siblings.slice(first, last + 1).filter((id) => tree.get_node(id).type === from.type);
  tree.deselect_all(true);
  tree.select_node(range);
}

export function createTree() {
  const element = $(SELECTOR);
  const publish = debounce(() => {
    const nodes = getTree().get_selected(true);
    setSelection(nodes.map(selectionEntry), {
      argument: { instance: getTree(), selected: nodes.map((node) => node.id) },
    });
    for (const node of nodes.length === 1 ? nodes : [])
      if (!getTree().is_loaded(node)) getTree().load_node(node);
  }, 10);

  element
    .on("changed.jstree", (event, data) => {
      if (data.action === "ready") return;
      publish();
    })
    .on("activate_node.jstree", (event, data) => {
      if (!getTree().is_leaf(data.node) && !getTree().is_open(data.node)) getTree().open_node(data.node);
    })
    .on("dblclick.jstree", ".jstree-anchor", (event) => {
      const node = getTree().get_node(event.target);
      if (node.type !== "image") return;
      const parent = getTree().get_node(node.parent);
      openViewer(node.data.id, parent.type === "dataset" ? parent.data.id : null);
    })
    .on(
      "rename_node.jstree",
      (event, data) => data.text !== data.old && saveName(getTree(), data.node, data.text, data.old),
    )
    .one("loaded.jstree", () =>
      openInitially().catch((error) => reportError("The linked object was not found", error)),
    );

  element.jstree({
    core: {
      data: loadChildren,
      check_callback: checkChange,
      multiple: true,
      force_text: true,
      worker: false,
      themes: { dots: false, icons: true, responsive: false },
      keyboard: keyboard(),
    },
    plugins: ["types", "conditionalselect", "contextmenu", "dnd", "sort", "search", "locate", "childcount"],
    types: nodeTypes(),
    conditionalselect: maySelect,
    contextmenu: { select_node: true, show_at_node: false, items: contextMenu },
    dnd: {
      copy: true,
      is_draggable: (nodes) => nodes.every((node) => isDraggable(node)),
      check_while_dragging: true,
      touch: "selected",
    },
    search: { show_only_matches: true, show_only_matches_children: true },
    sort(one, other) {
      return compareNodes(this.get_node(one), this.get_node(other));
    },
  });
  getTree().pages = new Map();
  wireDragAndDrop(element);
  return getTree();
}

function isDraggable(node) {
  const tree = getTree();
  const types = window.WEBCLIENT.TAG_TREE ? ["tag"] : ["dataset", "image", "plate"];
  return (
    types.includes(node.type) &&
    (node.data.obj.permsCss ?? "").split(" ").includes("canLink") &&
    tree.get_node(node.parent).type !== "tag"
  );
}

/** Arrows move the selection, F2 edits names that may be edited. UI-KEY, UI-FIX-11. */
function keyboard() {
  const move = (step) =>
    function (event) {
      event.preventDefault();
      const next = step(this, this.get_node(event.currentTarget));
      if (!next || !next.length) return;
      const node = this.get_node(next);
      if (event.shiftKey) {
        if (!this.is_selected(node)) this.select_node(node);
      } else {
        this.deselect_all(true);
        this.select_node(node);
      }
      next.children(".jstree-anchor").trigger("focus");
    };
  const down = move((tree, node) => tree.get_next_dom(node));
  return {
    up: move((tree, node) => tree.get_prev_dom(node)),
    down,
    "shift-up": move((tree, node) => tree.get_prev_dom(node, true)),
    "shift-down": move((tree, node) => tree.get_next_dom(node, true)),
    right(event) {
      event.preventDefault();
      const node = this.get_node(event.currentTarget);
      if (this.is_closed(node)) this.open_node(node);
      else down.call(this, event);
    },
    left(event) {
      event.preventDefault();
      const node = this.get_node(event.currentTarget);
      if (this.is_open(node)) this.close_node(node);
      else
        move((tree, current) => (current.parent === "#" ? null : tree.get_node(current.parent, true))).call(
          this,
          event,
        );
    },
    "ctrl-space"(event) {
      event.type = "click";
      $(event.currentTarget).trigger(event);
    },
    f2(event) {
      event.preventDefault();
      const node = this.get_node(event.currentTarget);
      if ((node.data.obj.permsCss ?? "").split(" ").includes("canEdit")) this.edit(node);
    },
  };
}

export function loadNode(node) {
  const tree = getTree();
  return new Promise((resolve) => {
    if (tree.is_loaded(node)) resolve(node);
    else tree.load_node(node, resolve);
  });
}

function openNode(node) {
  return new Promise((resolve) =>
    getTree().is_open(node) ? resolve() : getTree().open_node(node, () => resolve()),
  );
}

/** Load the node's page anew; `page` from 1. */
export async function showPage(node, page) {
  const tree = getTree();
  tree.pages.set(pageKey(node), page);
  tree.deselect_all(true);
  await new Promise((resolve) => tree.load_node(node, resolve));
  tree.select_node(node);
}

/** Follow one path of api/paths_to_object/ down the tree; answers the last node, null when a part is missing. */
export async function openPath(path) {
  const tree = getTree();
  let node = tree.get_node("#");
  for (const [depth, part] of path.entries()) {
    const isLast = depth === path.length - 1;
    if (depth === 0 && part.type === "experimenter") {
      node = tree.get_node(tree.get_node("#").children[0]);
    } else {
      const found =
        tree.locate_node(`${part.type}-${part.id}`, node) ||
        (part.type === "orphaned" && orphanedBelow(node));
      if (!found) return null;
      node = found[0];
    }
    if (isLast) return node;
    if (part.childPage && (tree.pages.get(pageKey(node)) ?? 1) !== part.childPage) {
      tree.pages.set(pageKey(node), part.childPage);
      if (tree.is_loaded(node)) await new Promise((resolve) => tree.load_node(node, resolve));
    }
    await loadNode(node);
    await openNode(node);
  }
  return node;
}

function orphanedBelow(node) {
  const tree = getTree();
  const found = node.children.map((id) => tree.get_node(id)).filter((child) => child.type === "orphaned");
  return found.length ? found : false;
}

const WELL_PARTS = new Set(["well", "wellsample"]);

/** Select what the address asks for. UI-URL-01 to 09. */
async function openInitially() {
  const tree = getTree();
  const root = tree.get_node(tree.get_node("#").children[0]);
  await loadNode(root);
  const wanted = window.WEBCLIENT.initially_select;
  if (!wanted.length) {
    tree.select_node(root);
    return;
  }
  const wells = wanted.filter((key) => key.startsWith("well-"));
  const keys =
    wells.length && window.WEBCLIENT.initially_open.length
      ? wanted.filter((key) => !key.startsWith("well-"))
      : wanted;
  const nodes = [];
  for (const key of keys) {
    const [type, id] = key.split("-");
    if (!/^\d+$/.test(id)) continue; // what the server did not find keeps its ".id" or name
    const { paths } = await getJSON(window.WEBCLIENT.URLS.api_paths_to_object, {
      [type]: id,
      group: window.WEBCLIENT.active_group_id,
    });
    for (const path of paths) {
      const cut = path.findIndex((part) => WELL_PARTS.has(part.type));
      const node = await openPath(cut < 0 ? path : path.slice(0, cut));
      if (node) nodes.push(node);
      if (node && keys.length > 1) break;
    }
  }
  if (!nodes.length) {
    toast(
      `${wanted.join(", ").replaceAll(".id-", " ")} was not found, or you have no permission to see it.`,
      "error",
    );
    tree.select_node(root);
    return;
  }
  if (wells.length) {
    const field = /[?&]show=image-(\d+)/.exec(window.location.search);
    window.jQuery("body").data({ wells_to_select: wells, field_to_select: field ? Number(field[1]) : null });
  }
  tree.deselect_all(true);
  const unique = nodes.filter(
    (node, at) => nodes.findIndex((other) => other.data.id === node.data.id) === at,
  );
  tree.select_node(unique.map((node) => node.id));
  tree.get_node(unique[0].id, true).children(".jstree-anchor").trigger("focus");
}

/** Reload everything, then go back to the same place. UI-TREE-17. */
export async function refreshTree() {
  const tree = getTree();
  const selected = tree
    .get_selected(true)
    .map((node) => tree.get_path(node, false, true).map((id) => keyOf(tree.get_node(id))));
  tree.pages.clear();
  await new Promise((resolve) => {
    window.jQuery(SELECTOR).one("refresh.jstree", resolve);
    tree.refresh(false, true);
  });
  const root = tree.get_node(tree.get_node("#").children[0]);
  await loadNode(root);
  const nodes = [];
  for (const path of selected) {
    const node = await openPath(path);
    if (node) nodes.push(node);
  }
  tree.deselect_all(true);
  tree.select_node(nodes.length ? nodes.map((node) => node.id) : root);
}

function keyOf(node) {
  return { type: node.type, id: node.data.id };
}

/** Select the nodes of these images without telling the page again. UI-EVT-05. */
export function selectQuietly(nodes, focus = true) {
  const tree = getTree();
  tree.deselect_all(true);
  tree.select_node(
    nodes.map((node) => node.id),
    true,
    true,
  );
  if (focus && nodes.length) tree.get_node(nodes.at(-1), true)[0]?.scrollIntoView({ block: "nearest" });
}

/** The container in which an image is shown, as far as the selection tells. contract/plugins.md, section 7.7. */
export function containerOf(imageId) {
  const tree = getTree();
  if (!tree) return undefined;
  const selected = tree.get_selected(true);
  if (
    selected.length === 1 &&
    ["dataset", "tag", "orphaned", "plate", "acquisition"].includes(selected[0].type)
  )
    return selected[0];
  const nodes = tree.locate_node(`image-${imageId}`) || [];
  const chosen = nodes.find((node) => tree.is_selected(node)) ?? nodes[0];
  return chosen ? tree.get_node(chosen.parent) : undefined;
}
