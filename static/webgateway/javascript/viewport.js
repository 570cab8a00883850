/**
 * The picture on OpenLayers: tiles for images with a pyramid, whole planes otherwise.
 * Map coordinates are pixels of the full plane, y downwards negative. ui.md, sections 10.1, 10.2.
 */

const { ol } = window;
const MAX_MAGNIFICATION = 32;

export class Viewport extends EventTarget {
  /**
   * @param {HTMLElement} element @param {import("./rendering_settings.js").RenderingSettings} settings
   * @param {{server: string, interpolate?: boolean, controls?: boolean}} options `server`: base URL without trailing slash
   */
  constructor(element, settings, { server, interpolate = true, controls = true }) {
    super();
    this.element = element;
    this.settings = settings;
    this.server = server;
    this.interpolate = interpolate;
    const { width, height } = settings.data.size;
    this.extent = [0, -height, width, 0];
    this.projection = new ol.proj.Projection({
      code: `image-${settings.data.id}`,
      units: "pixels",
      extent: this.extent,
    });
    this.current = null;
    this.pending = 0;
    this.map = new ol.Map({
      target: element,
      controls: ol.control.defaults.defaults({ rotate: false, zoom: controls, attribution: false }),
      interactions: ol.interaction.defaults.defaults({ altShiftDragRotate: false, pinchRotate: false }),
      view: this.makeView(),
    });
    this.fit();
    this.map.getView().on("change:resolution", () => this.dispatchEvent(new Event("zoom")));
    settings.addEventListener("change", (event) => event.detail.kind !== "saved" && this.refresh());
    this.refresh();
  }

  makeView() {
    const [, bottom, width] = this.extent;
    const height = -bottom;
    const largest = Math.max(width, height) / 64;
    return new ol.View({
      projection: this.projection,
      extent: this.extent.map((value, at) => value + (at < 2 ? -1 : 1) * Math.max(width, height) * 0.5),
      center: [width / 2, -height / 2],
      maxResolution: Math.max(largest, 4),
      minResolution: 1 / MAX_MAGNIFICATION,
      constrainResolution: false,
      showFullExtent: true,
    });
  }

  get isSplit() {
    return this.settings.state.projection === "split";
  }

  /** URL of the present plane, without tile; of all channels side by side in split view. */
  planeUrl() {
    const { data, z, t } = this.settings;
    const picture = this.isSplit ? "render_split_channel" : "render_image";
    return `${this.server}/${picture}/${data.id}/${z}/${t}/?${this.settings.pictureQuery()}`;
  }

  /** The split picture has a size of its own: the view is made anew when it changes, and fitted. */
  resize(width, height) {
    if (this.extent[2] === width && this.extent[1] === -height) return;
    this.extent = [0, -height, width, 0];
    this.projection = new ol.proj.Projection({
      code: `image-${width}-${height}`,
      units: "pixels",
      extent: this.extent,
    });
    this.map.setView(this.makeView());
    this.map.getView().on("change:resolution", () => this.dispatchEvent(new Event("zoom")));
    this.fit();
    this.dispatchEvent(new Event("zoom"));
  }

  refresh() {
    if (this.settings.data.tiles) this.refreshTiles();
    else this.loadPlane();
  }

  /** Load the plane beside the shown one and exchange them when it is there, so nothing flickers. */
  loadPlane() {
    const url = this.planeUrl();
    if (url === this.wantedUrl) return;
    this.wantedUrl = url;
    this.setLoading(true);
    const image = new Image();
    image.onload = () => {
      if (this.wantedUrl !== url) return;
      const { width, height } = this.settings.data.size;
      if (this.isSplit) this.resize(image.naturalWidth, image.naturalHeight);
      else this.resize(width, height);
      const layer = new ol.layer.Image({ source: this.staticSource(url, image) });
      this.map.addLayer(layer);
      if (this.current) this.map.removeLayer(this.current);
      this.current = layer;
      this.setLoading(false);
      this.map.once("rendercomplete", () => this.dispatchEvent(new Event("picture")));
    };
    image.onerror = () => {
      if (this.wantedUrl !== url) return;
      this.wantedUrl = null;
      this.setLoading(false);
      this.dispatchEvent(new CustomEvent("failed", { detail: { url } }));
    };
    image.src = url;
  }

  staticSource(url, image) {
    this.shownImage = image;
    return new ol.source.ImageStatic({
      url,
      imageExtent: this.extent,
      projection: this.projection,
      interpolate: this.interpolate,
    });
  }

  /** Levels from coarse to fine, as OpenLayers counts; the server's level 0 is the finest. */
  tileGrid() {
    const { data } = this.settings;
    const levels = Array.from({ length: data.levels }, (_, level) => data.resolutions[level].sizeX);
    const resolutions = levels.map((sizeX) => data.size.width / sizeX).reverse();
    return new ol.tilegrid.TileGrid({
      extent: this.extent,
      origin: [0, 0],
      resolutions,
      tileSize: [data.tile_size.width, data.tile_size.height],
    });
  }

  tileUrl([level, column, row]) {
    const { data, z, t } = this.settings;
    const { width, height } = data.tile_size;
    const query = this.settings.pictureQuery();
    return `${this.server}/render_image_region/${data.id}/${z}/${t}/?tile=${data.levels - 1 - level},${column},${row},${width},${height}&${query}`;
  }

  refreshTiles() {
    const { z, t } = this.settings;
    const key = `${z}/${t}?${this.settings.pictureQuery()}&${this.interpolate}`;
    if (key === this.wantedUrl) return;
    this.wantedUrl = key;
    const source = new ol.source.TileImage({
      projection: this.projection,
      tileGrid: this.tileGrid(),
      interpolate: this.interpolate,
      transition: 0,
      wrapX: false,
      tileUrlFunction: (coordinate) => coordinate && this.tileUrl(coordinate),
    });
    source.on("tileloadstart", () => this.countTile(1));
    source.on("tileloadend", () => this.countTile(-1));
    source.on("tileloaderror", () => {
      this.countTile(-1);
      this.dispatchEvent(new CustomEvent("failed", { detail: { url: key } }));
    });
    const old = this.current;
    const layer = new ol.layer.Tile({ source, preload: 1 });
    this.map.addLayer(layer);
    this.current = layer;
    this.map.once("rendercomplete", () => {
      if (old) this.map.removeLayer(old);
      this.dispatchEvent(new Event("picture"));
    });
  }

  countTile(difference) {
    this.pending += difference;
    this.setLoading(this.pending > 0);
  }

  setLoading(loading) {
    this.element.setAttribute("aria-busy", String(loading));
    this.dispatchEvent(new CustomEvent("loading", { detail: { loading } }));
  }

  setInterpolate(interpolate) {
    this.interpolate = interpolate;
    this.wantedUrl = null;
    this.refresh();
  }

  /** Whole percent; 100 shows one image pixel on one CSS pixel. */
  get zoom() {
    return Math.round(100 / this.map.getView().getResolution());
  }

  setZoom(percent, animated = true) {
    const resolution = 100 / Math.max(1, percent);
    if (animated) this.map.getView().animate({ resolution, duration: 120 });
    else this.map.getView().setResolution(resolution);
  }

  zoomIn() {
    this.setZoom(this.zoom * 1.5);
  }

  zoomOut() {
    this.setZoom(this.zoom / 1.5);
  }

  fit() {
    this.map.updateSize();
    this.map.getView().fit(this.extent, { padding: [4, 4, 4, 4], minResolution: 1 / MAX_MAGNIFICATION });
  }

  /** Centre on a pixel of the full plane. */
  setCenter(x, y) {
    this.map.getView().setCenter([x, -y]);
  }

  get center() {
    const [x, y] = this.map.getView().getCenter();
    return [x, -y];
  }

  /** Small picture of the whole plane with the shown part marked. UI-VIEW-21. */
  addOverview() {
    const { data } = this.settings;
    const url = `${this.server}/render_birds_eye_view/${data.id}/200/`;
    const layer = new ol.layer.Image({
      source: new ol.source.ImageStatic({ url, imageExtent: this.extent, projection: this.projection }),
    });
    const side = Math.max(data.size.width, data.size.height) / 140;
    const view = new ol.View({
      projection: this.projection,
      resolution: side,
      center: ol.extent.getCenter(this.extent),
      resolutions: [side],
    });
    this.map.addControl(
      new ol.control.OverviewMap({ layers: [layer], view, collapsed: false, tipLabel: "Overview" }),
    );
  }

  destroy() {
    this.map.setTarget(null);
    this.map.dispose();
  }
}
