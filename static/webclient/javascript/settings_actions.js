/** Rendering settings of many images: copy, paste, set imported, set owner's. ui.md, UI-CTX-07 to 11. */

import { getJSON, postForm } from "../../common/javascript/http.js";
import { confirm, reportError, toast, whileWaiting } from "../../common/javascript/dialog.js";

const { WEBCLIENT } = window;

export async function copySettings(imageId) {
  try {
    await getJSON(WEBCLIENT.URLS.copy_image_rdef_json, { fromid: imageId });
    WEBCLIENT.HAS_RDEF = true;
    toast("Rendering settings copied.");
  } catch (error) {
    reportError("Rendering settings not copied", error);
  }
}

async function change(nodes, request) {
  const { type } = nodes[0];
  const agreed = await confirm(
    `Change and save the rendering settings of ${nodes.length} ${type}${nodes.length > 1 ? "s" : ""}? This cannot be undone.`,
    {
      title: "Change Rendering Settings?",
    },
  );
  if (!agreed) return;
  try {
    await whileWaiting(request({ to_type: type, toids: nodes.map((node) => node.data.id) }), "Saving...");
    window.OME.refreshThumbnails({});
  } catch (error) {
    reportError("Rendering settings not saved", error);
  }
}

export function pasteSettings(nodes) {
  return change(nodes, (body) => postForm(WEBCLIENT.URLS.copy_image_rdef_json, body));
}

/** `whose`: "imported" or "owner". */
export function resetSettings(nodes, whose) {
  const url = whose === "owner" ? WEBCLIENT.URLS.reset_owners_rdef_json : WEBCLIENT.URLS.reset_rdef_json;
  return change(nodes, (body) => postForm(url, body));
}
