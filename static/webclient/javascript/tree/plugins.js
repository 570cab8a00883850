/** jsTree plug-ins of the data page: finding nodes by key, child counts, ellipsis titles. ui.md, UI-TREE-07; plugins.md, 7.6. */

import { COUNTED } from "./nodes.js";

const $ = window.jQuery;

function locator(options, parent) {
  /** All nodes "<type>-<id>", optionally only children of `under` (a node or id); false when there are none. */
  this.locate_node = function (key, under) {
    const data = this._model.data;
    const within = under === undefined || under === null ? null : this.get_node(under).id;
    const found = Object.values(data).filter(
      (node) =>
        node.data &&
        `${node.type}-${node.data.id}` === key &&
        (within === null || node.parent === within || node.id === within),
    );
    return found.length ? found : false;
  };
}

function childCount(options, parent) {
  this.redraw_node = function (...args) {
    const element = parent.redraw_node.apply(this, args);
    if (!element) return element;
    const node = this.get_node(element.id);
    const count = node.data?.obj?.childCount;
    if (COUNTED.has(node.type) && count > 0) {
      const badge = document.createElement("span");
      badge.className = "children_count";
      badge.textContent = String(count);
      element.querySelector(":scope > .jstree-anchor").append(badge);
    }
    const anchor = element.querySelector(":scope > .jstree-anchor");
    if (!anchor.title) anchor.title = node.text;
    return element;
  };

  /** Change the number of children that a node claims to have. */
  this.add_to_count = function (target, difference) {
    const node = this.get_node(target);
    if (!node?.data?.obj || node.data.obj.childCount === undefined) return;
    node.data.obj.childCount = Math.max(0, node.data.obj.childCount + difference);
    this.redraw_node(node.id, false);
  };
}

$.jstree.plugins.locate = locator;
$.jstree.plugins.childcount = childCount;
