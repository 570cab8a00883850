/** Shapes of regions of interest as OpenLayers features. contract/webgateway.md, section 14; ui.md, UI-ROI-01 to 03. */

const { ol } = window;
const ELLIPSE_POINTS = 72;
const POINT_RADIUS = 5;

function numbers(text) {
  return (text.match(/-?\d+(?:\.\d+)?(?:e[-+]?\d+)?/gi) ?? []).map(Number);
}

/** Corner points [[x, y]] of a shape in image pixels, y downwards; null for kinds without an outline. */
function outline(shape) {
  const { x, y, width, height } = shape;
  const pairs = (values) =>
    values.reduce(
      (list, value, at) => (at % 2 ? [...list.slice(0, -1), [list.at(-1)[0], value]] : [...list, [value]]),
      [],
    );
  const ring = (radiusX, radiusY) =>
    Array.from({ length: ELLIPSE_POINTS }, (_, step) => {
      const angle = (step / ELLIPSE_POINTS) * 2 * Math.PI;
      return [x + radiusX * Math.cos(angle), y + radiusY * Math.sin(angle)];
    });
  switch (shape.type) {
    case "Rectangle":
    case "Mask":
      return [
        [x, y],
        [x + width, y],
        [x + width, y + height],
        [x, y + height],
      ];
    case "Ellipse":
      return ring(shape.radiusX, shape.radiusY);
    case "Point":
      return ring(POINT_RADIUS, POINT_RADIUS);
    case "Line":
      return [
        [shape.x1, shape.y1],
        [shape.x2, shape.y2],
      ];
    case "PolyLine":
    case "Polygon":
      return pairs(numbers(shape.points));
    case "Label":
      return [[x, y]];
    default:
      return null;
  }
}

/** Apply "matrix(a b c d e f)". */
function transformed(points, transform) {
  if (!transform) return points;
  const [a, b, c, d, e, f] = numbers(transform);
  return points.map(([x, y]) => [a * x + c * y + e, b * x + d * y + f]);
}

function geometry(shape) {
  const points = outline(shape);
  if (!points?.length) return null;
  const placed = transformed(points, shape.transform).map(([x, y]) => [x, -y]);
  if (shape.type === "Label") return new ol.geom.Point(placed[0]);
  if (shape.type === "Line" || shape.type === "PolyLine") return new ol.geom.LineString(placed);
  return new ol.geom.Polygon([[...placed, placed[0]]]);
}

function rgba(colour, alpha) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}

export function shapeStyle(shape, { selected, labels }) {
  const stroke = selected ? "#00c8ff" : rgba(shape.strokeColor ?? "#ffffff", shape.strokeAlpha ?? 1);
  const isLine = ["Line", "PolyLine"].includes(shape.type);
  return new ol.style.Style({
    stroke: new ol.style.Stroke({ color: stroke, width: (shape.strokeWidth || 1) + (selected ? 2 : 0.5) }),
    fill:
      isLine || !shape.fillColor
        ? undefined
        : new ol.style.Fill({ color: rgba(shape.fillColor, shape.fillAlpha ?? 0) }),
    text:
      labels && shape.textValue
        ? new ol.style.Text({
            text: shape.textValue,
            font: `${shape.fontStyle?.toLowerCase().includes("bold") ? "bold " : ""}${Math.max(10, shape.fontSize ?? 12)}px ${shape.fontFamily ?? "sans-serif"}`,
            fill: new ol.style.Fill({ color: stroke }),
            stroke: new ol.style.Stroke({ color: "rgba(0, 0, 0, 0.6)", width: 3 }),
            overflow: true,
          })
        : undefined,
  });
}

/** Features of all shapes; each knows its `roi` id and `shape`. */
export function shapeFeatures(rois) {
  return rois.flatMap((roi) =>
    roi.shapes.flatMap((shape) => {
      const drawn = geometry(shape);
      return drawn ? [new ol.Feature({ geometry: drawn, roi: roi.id, shape })] : [];
    }),
  );
}

/** A shape without section or time point is on all of them. */
export function isOnPlane(shape, z, t) {
  return (shape.theZ === undefined || shape.theZ === z) && (shape.theT === undefined || shape.theT === t);
}
