/** "Open with": configured openers, their handlers, and menus. contract/plugins.md, section 7.4; ui.md, UI-OW. */

import { getJSON } from "../../common/javascript/http.js";
import { reportError } from "../../common/javascript/dialog.js";

const { OME, WEBCLIENT, jQuery: $ } = window;

/** Late answers of handlers: "<opener>|<selection>" → boolean. */
const late = new Map();

function opener(id) {
  return WEBCLIENT.OPEN_WITH.find((entry) => entry.id === id);
}

OME.setOpenWithEnabledHandler = (id, handler) => {
  const found = opener(id);
  if (found) found.isEnabled = handler;
};

OME.setOpenWithUrlProvider = (id, provider) => {
  const found = opener(id);
  if (found) found.getUrl = provider;
};

export async function loadOpeners() {
  try {
    const answer = await getJSON(WEBCLIENT.URLS.open_with);
    WEBCLIENT.OPEN_WITH = answer.open_with_options;
    for (const entry of WEBCLIENT.OPEN_WITH) if (entry.script_url) $.getScript(entry.script_url);
  } catch (error) {
    reportError("“Open with” is not available", error);
  }
}

export function openerUrl(entry, selected) {
  const url = `${entry.url}?${selected.map((object) => `${object.type}=${object.id}`).join("&")}`;
  return entry.getUrl ? entry.getUrl(selected, entry.url) : url;
}

export function isOpenerEnabled(entry, selected, onLateAnswer) {
  const key = `${entry.id}|${selected.map((object) => `${object.type}-${object.id}`).join("|")}`;
  if (late.has(key)) return late.get(key);
  if (entry.isEnabled) {
    try {
      return Boolean(
        entry.isEnabled(selected, (enabled) => {
          late.set(key, Boolean(enabled));
          onLateAnswer?.(Boolean(enabled));
        }),
      );
    } catch (error) {
      console.error(`Open with ${entry.id}`, error);
      return false;
    }
  }
  if (!entry.supported_objects || !selected.length) return false;
  const word = selected[0].type + (selected.length > 1 ? "s" : "");
  return entry.supported_objects.some((supported) => supported.includes(word));
}

export function runOpener(entry, selected) {
  const url = openerUrl(entry, selected);
  if (typeof url === "function") url();
  else window.open(url, "_blank");
}

/** Sub-menu of the tree's context menu; null when no opener is configured. */
export function openWithItems(selected) {
  if (!WEBCLIENT.OPEN_WITH.length) return null;
  return Object.fromEntries(
    WEBCLIENT.OPEN_WITH.map((entry) => [
      `open_with_${entry.id.replace(/\W/g, "_")}`,
      {
        label: entry.label || entry.id,
        _disabled: !isOpenerEnabled(entry, selected),
        action: () => runOpener(entry, selected),
      },
    ]),
  );
}
