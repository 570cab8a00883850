/**
 * Rendering settings of one image in the browser: channels, model, plane, projection, with undo and redo.
 * Written as the query of contract/webgateway.md, section 3. Fires "change" with {detail: {kind}}.
 */

const clone = (value) => JSON.parse(JSON.stringify(value));

function number(value) {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(9)));
}

/** Entries of a `c` parameter: "[-]n|start:end$COLOUR" (with or without the old reverse suffix). */
export function parseChannels(text) {
  const pattern = /^(-)?(\d+)(?:\|([-+\d.e]+):([-+\d.e]+?)(-?r)?)?(?:\$(.+))?$/i;
  return text
    .split(",")
    .map((part) => pattern.exec(part.trim()))
    .filter(Boolean)
    .map(([, off, n, start, end, reverse, colour]) => ({
      index: Number(n) - 1,
      active: !off,
      start: start === undefined ? null : Number(start),
      end: end === undefined ? null : Number(end),
      inverted: reverse ? reverse === "r" : null,
      colour: colour ?? null,
    }));
}

export class RenderingSettings extends EventTarget {
  /** @param {object} data image JSON, contract/webgateway.md, section 9 */
  constructor(data) {
    super();
    this.data = data;
    this.range = data.pixel_range;
    this.isFloat = /float|double/.test(data.meta.pixelsType);
    this.quality = null;
    this.state = {
      channels: data.channels.map((channel) => ({
        label: String(channel.label),
        color: channel.color,
        lut: channel.lut ?? null,
        active: channel.active,
        inverted: channel.inverted,
        family: channel.family,
        coefficient: channel.coefficient,
        window: { ...channel.window },
      })),
      model: data.rdefs.model === "greyscale" ? "g" : "c",
      projection: "normal",
      z: data.rdefs.defaultZ,
      t: data.rdefs.defaultT,
    };
    this.undone = [];
    this.done = [];
    this.markSaved();
  }

  get channels() {
    return this.state.channels;
  }

  get z() {
    return this.state.z;
  }

  get t() {
    return this.state.t;
  }

  get model() {
    return this.state.model;
  }

  markSaved() {
    this.saved = clone(this.state);
    this.emit("saved");
  }

  /** Something that can be saved differs from the saved state. */
  get isChanged() {
    const relevant = ({ channels, model, z, t }) => JSON.stringify([channels, model, z, t]);
    return relevant(this.state) !== relevant(this.saved);
  }

  emit(kind) {
    this.dispatchEvent(new CustomEvent("change", { detail: { kind } }));
  }

  /** Run `fn(state)` as one step that can be undone. */
  change(kind, fn) {
    const before = clone(this.state);
    fn(this.state);
    if (JSON.stringify(before) === JSON.stringify(this.state)) return;
    this.done.push(before);
    this.undone = [];
    this.emit(kind);
  }

  /** Planes and projections are seen, not set: no step of their own. */
  setPlane(z, t) {
    const { size } = this.data;
    const plane = { z: Math.max(0, Math.min(size.z - 1, z)), t: Math.max(0, Math.min(size.t - 1, t)) };
    if (plane.z === this.state.z && plane.t === this.state.t) return;
    Object.assign(this.state, plane);
    this.emit("plane");
  }

  setProjection(projection) {
    this.state.projection = projection;
    this.emit("projection");
  }

  setQuality(quality) {
    this.quality = quality;
    this.emit("quality");
  }

  undo() {
    this.restore(this.done, this.undone);
  }

  redo() {
    this.restore(this.undone, this.done);
  }

  restore(from, to) {
    if (!from.length) return;
    to.push(clone(this.state));
    const { z, t, projection } = this.state;
    this.state = { ...from.pop(), z, t, projection };
    this.emit("restored");
  }

  setActive(index, active) {
    this.change("active", (state) => {
      if (state.model === "g") state.channels.forEach((channel, at) => (channel.active = at === index));
      else state.channels[index].active = active;
    });
  }

  /** In greyscale one channel is shown: the first active one stays. UI-PRE-08. */
  setModel(model) {
    this.change("model", (state) => {
      state.model = model;
      if (model !== "g") return;
      const kept = Math.max(
        0,
        state.channels.findIndex((channel) => channel.active),
      );
      state.channels.forEach((channel, at) => (channel.active = at === kept));
    });
  }

  setWindow(index, start, end) {
    const [low, high] = this.isFloat ? [-Infinity, Infinity] : this.range;
    const [first, last] = [start, end]
      .sort((a, b) => a - b)
      .map((value) => Math.max(low, Math.min(high, value)));
    if (first === last) return;
    this.change("window", (state) =>
      Object.assign(state.channels[index].window, { start: first, end: last }),
    );
  }

  setColour(index, colour) {
    this.change("colour", (state) => {
      if (colour.endsWith(".lut")) state.channels[index].lut = colour;
      else Object.assign(state.channels[index], { lut: null, color: colour.toUpperCase() });
    });
  }

  setInverted(index, inverted) {
    this.change("inverted", (state) => (state.channels[index].inverted = inverted));
  }

  setMinMax() {
    this.change("window", (state) =>
      state.channels.forEach(({ window }) => Object.assign(window, { start: window.min, end: window.max })),
    );
  }

  setFullRange() {
    const [start, end] = this.range;
    this.change("window", (state) =>
      state.channels.forEach(({ window }) => Object.assign(window, { start, end })),
    );
  }

  /** Settings of another document of the same image (imported, another user's). */
  applyDocument(data) {
    this.change("applied", (state) => {
      state.model = data.rdefs.model === "greyscale" ? "g" : "c";
      data.channels.forEach((channel, index) => {
        const own = state.channels[index];
        Object.assign(own, {
          color: channel.color,
          lut: channel.lut ?? null,
          active: channel.active,
          inverted: channel.inverted,
        });
        Object.assign(own.window, { start: channel.window.start, end: channel.window.end });
      });
    });
  }

  /** Settings in the form of links, copied settings and saved settings: `c`, `m`, `maps`. */
  applyQuery({ c, m, maps }) {
    this.change("applied", (state) => {
      if (m) state.model = m.startsWith("g") ? "g" : "c";
      const entries = c ? parseChannels(c) : [];
      if (entries.length) state.channels.forEach((channel) => (channel.active = false));
      const inversions = typeof maps === "string" ? JSON.parse(maps) : maps;
      entries.forEach((entry, at) => {
        const channel = state.channels[entry.index];
        if (!channel) return;
        channel.active = entry.active;
        if (entry.start !== null) Object.assign(channel.window, { start: entry.start, end: entry.end });
        if (entry.colour?.endsWith(".lut")) channel.lut = entry.colour;
        else if (entry.colour) Object.assign(channel, { lut: null, color: entry.colour.toUpperCase() });
        if (entry.inverted !== null) channel.inverted = entry.inverted;
        const inverted = inversions?.[at]?.inverted?.enabled;
        if (inverted !== undefined) channel.inverted = inverted === true || inverted === "true";
      });
    });
  }

  entry(channel, index) {
    const { start, end } = channel.window;
    return `${channel.active ? "" : "-"}${index + 1}|${number(start)}:${number(end)}$${channel.lut ?? channel.color}`;
  }

  /** Parameters for a picture; inactive channels are left out except the first. UI-VIEW-52. */
  pictureQuery() {
    const sent = this.channels
      .map((channel, index) => ({ channel, index }))
      .filter(({ channel, index }) => channel.active || index === 0);
    return this.query(sent, {
      p: ["normal", "split"].includes(this.state.projection) ? null : this.state.projection,
      q: this.quality,
    });
  }

  /** Parameters that name every channel, for saving, copying and links. */
  fullQuery() {
    const all = this.channels.map((channel, index) => ({ channel, index }));
    return this.query(all, { z: this.z + 1, t: this.t + 1 });
  }

  query(entries, more) {
    const values = new URLSearchParams();
    values.set("c", entries.map(({ channel, index }) => this.entry(channel, index)).join(","));
    values.set("m", this.model);
    values.set(
      "maps",
      JSON.stringify(entries.map(({ channel }) => ({ inverted: { enabled: channel.inverted } }))),
    );
    for (const [name, value] of Object.entries(more))
      if (value !== null && value !== undefined) values.set(name, value);
    return values;
  }
}
