/** Links between containers and their children on the server, collected for 10 ms. contract/webclient.md, section 6; UI-TREE-16. */

import { sendJSON } from "../../../common/javascript/http.js";

const WAIT = 10;
const url = () => `${window.WEBCLIENT.URLS.webindex}api/links/`;

/** {parent type: {parent id: {child type: [ids]}}} */
function add(body, parent, child) {
  body[parent.type] ??= {};
  body[parent.type][parent.data.id] ??= {};
  const children = body[parent.type][parent.data.id];
  children[child.type] ??= [];
  if (!children[child.type].includes(child.data.id)) children[child.type].push(child.data.id);
}

function collector(method) {
  let body = null;
  let answer = null;
  return (parent, child) => {
    if (!body) {
      body = {};
      answer = new Promise((resolve, reject) => {
        setTimeout(() => {
          const sent = body;
          body = null;
          sendJSON(method, url(), sent).then(resolve, reject);
        }, WAIT);
      });
    }
    add(body, parent, child);
    return answer;
  };
}

/** Link `child` to `parent` (tree nodes). */
export const link = collector("POST");

/** Remove the link; the answer lists the parents that the children still have. */
export const unlink = collector("DELETE");

/** The child has no parent of its former kind left, says the answer of `unlink`. */
export function isOrphan(answer, parent, child) {
  const parents = answer[parent.type] ?? {};
  return !Object.values(parents).some((children) => (children[child.type] ?? []).includes(child.data.id));
}
