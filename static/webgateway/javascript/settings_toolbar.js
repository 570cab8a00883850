/** Save, undo, redo, copy and paste of rendering settings. ui.md, UI-PRE-04 to 07, UI-FIX-51. */

import { h, icon, iconButton } from "../../common/javascript/dom.js";
import { getJSON, postForm, withQuery } from "../../common/javascript/http.js";
import { confirm, reportError, toast, whileWaiting } from "../../common/javascript/dialog.js";

/** Send the settings as the user's own; answers true when they were stored. */
export async function save(settings, server) {
  const query = Object.fromEntries(settings.fullQuery());
  const answer = await postForm(withQuery(`${server}/saveImgRDef/${settings.data.id}/`, query), {});
  if (String(answer) !== "true") throw new Error("The server did not store them.");
  settings.markSaved();
}

export class SettingsToolbar {
  /** `onSaved()` is called after saving; `saveToAll` ({label, run}) is offered when given. */
  constructor(settings, { server, onSaved, saveToAll = null }) {
    this.settings = settings;
    this.server = server;
    this.canAnnotate = settings.data.perms.canAnnotate;
    const make = (glyph, label, action) =>
      h("button", { type: "button", class: "button small", on: { click: action } }, icon(glyph), label);
    this.save = make("save", "Save", () => this.run(() => save(settings, server).then(() => onSaved?.())));
    this.saveAll =
      saveToAll &&
      make("save", "Save to All", async () => {
        if (
          await confirm(
            `Apply these settings to every image of this ${saveToAll.label}? This cannot be undone.`,
            { title: "Save to All" },
          )
        )
          this.run(saveToAll.run);
      });
    this.undo = iconButton("undo", "Undo", () => settings.undo());
    this.redo = iconButton("redo", "Redo", () => settings.redo());
    this.copy = make("copy", "Copy", () => this.copySettings());
    this.paste = make("paste", "Paste", () => this.pasteSettings());
    this.element = h(
      "div",
      { class: "settings-toolbar", role: "toolbar", "aria-label": "Rendering settings" },
      this.save,
      this.saveAll,
      this.undo,
      this.redo,
      h("span", { class: "separator" }),
      this.copy,
      this.paste,
    );
    settings.addEventListener("change", () => this.update());
    this.update();
    this.checkPaste();
  }

  async run(action) {
    try {
      await whileWaiting(action(), "Saving...");
    } catch (error) {
      reportError("Rendering settings not saved", error);
    }
    this.update();
  }

  update() {
    const { settings } = this;
    this.save.disabled = !this.canAnnotate || !settings.isChanged;
    this.save.classList.toggle("primary", !this.save.disabled);
    this.save.title = this.canAnnotate ? "" : "You have no permission to save settings for this image";
    if (this.saveAll) this.saveAll.disabled = !this.canAnnotate;
    this.undo.disabled = !settings.done.length;
    this.redo.disabled = !settings.undone.length;
  }

  async copySettings() {
    const { data } = this.settings;
    const query = {
      ...Object.fromEntries(this.settings.fullQuery()),
      pixel_range: data.pixel_range.join(":"),
      imageId: data.id,
    };
    try {
      await getJSON(`${this.server}/copyImgRDef/`, query);
      if (window.WEBCLIENT) window.WEBCLIENT.HAS_RDEF = true;
      toast("Rendering settings copied.");
      this.checkPaste();
    } catch (error) {
      reportError("Rendering settings not copied", error);
    }
  }

  isCompatible(rdef) {
    const range = rdef.pixel_range.split(":").map(Number);
    return (
      rdef.c.split(",").length === this.settings.channels.length &&
      range.every((value, at) => value === this.settings.range[at])
    );
  }

  /** Paste is offered when settings of the same kind of image were copied. */
  async checkPaste() {
    this.paste.disabled = true;
    try {
      const { rdef } = await getJSON(`${this.server}/getImgRDef/`);
      this.paste.title = rdef ? "" : "Nothing was copied";
      if (!rdef) return;
      this.paste.disabled = !this.isCompatible(rdef);
      if (this.paste.disabled) this.paste.title = "The copied settings are not compatible with this image";
    } catch (error) {
      this.paste.title = error.message;
    }
  }

  async pasteSettings() {
    try {
      const { rdef } = await getJSON(`${this.server}/getImgRDef/`);
      if (rdef && this.isCompatible(rdef)) this.settings.applyQuery(rdef);
    } catch (error) {
      reportError("Rendering settings not pasted", error);
    }
  }
}
