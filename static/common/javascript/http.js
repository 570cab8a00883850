/** Requests to the server: JSON in and out, CSRF token on writes, one error class. */

export class HttpError extends Error {
  /** @param {number} status 0 when the server could not be reached @param {string} body as answered */
  constructor(status, message, body = "") {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.body = body;
  }
}

function cookie(name) {
  const found = document.cookie
    .split(";")
    .map((part) => part.trim().split("="))
    .find(([key]) => key === name);
  return found ? decodeURIComponent(found[1]) : "";
}

/** Query or form parameters from an object; arrays repeat the name; null and undefined are left out. */
export function parameters(values = {}) {
  const result = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) result.append(name, item);
  }
  return result;
}

export function withQuery(url, values) {
  const query = parameters(values).toString();
  if (!query) return url;
  return `${url}${url.includes("?") ? "&" : "?"}${query}`;
}

function shortMessage(status, body) {
  if (!body) return status ? `The server answered with status ${status}.` : "The server cannot be reached.";
  try {
    const parsed = JSON.parse(body);
    return String(parsed.message || parsed.error || parsed.Error || body).slice(0, 400);
  } catch {
    const text = body.trim().startsWith("<")
      ? new DOMParser().parseFromString(body, "text/html").body.textContent
      : body;
    return text.trim().replace(/\s+/g, " ").slice(0, 400) || `The server answered with status ${status}.`;
  }
}

async function request(url, options = {}) {
  const headers = { "X-Requested-With": "XMLHttpRequest", ...options.headers };
  if (options.method && options.method !== "GET") headers["X-CSRFToken"] = cookie("csrftoken");
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new HttpError(0, "The server cannot be reached.");
  }
  if (response.ok) return response;
  const body = await response.text();
  if (response.status === 403 && !body) document.dispatchEvent(new CustomEvent("session-ended"));
  throw new HttpError(response.status, shortMessage(response.status, body), body);
}

export async function getJSON(url, values, options) {
  return (await request(withQuery(url, values), options)).json();
}

export async function getText(url, values, options) {
  return (await request(withQuery(url, values), options)).text();
}

/** POST a form; answers the parsed JSON, or the text when it is not JSON. */
export async function postForm(url, values) {
  const body = values instanceof FormData ? values : parameters(values);
  const text = await (await request(url, { method: "POST", body })).text();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export async function sendJSON(method, url, value) {
  const response = await request(url, {
    method,
    body: JSON.stringify(value),
    headers: { "Content-Type": "application/json" },
  });
  return response.json();
}

/** POST with progress: `onprogress(fraction)`. Answers parsed JSON. */
export function upload(url, form, onprogress, signal) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open("POST", url);
    xhr.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    xhr.setRequestHeader("X-CSRFToken", cookie("csrftoken"));
    xhr.upload.addEventListener(
      "progress",
      (event) => event.lengthComputable && onprogress(event.loaded / event.total),
    );
    xhr.addEventListener("load", () => {
      if (xhr.status < 200 || xhr.status > 299) {
        reject(new HttpError(xhr.status, shortMessage(xhr.status, xhr.responseText), xhr.responseText));
        return;
      }
      try {
        resolve(JSON.parse(xhr.responseText));
      } catch {
        reject(new HttpError(xhr.status, "The file was refused.", xhr.responseText));
      }
    });
    xhr.addEventListener("error", () => reject(new HttpError(0, "The server cannot be reached.")));
    signal?.addEventListener("abort", () => {
      xhr.abort();
      reject(new DOMException("Cancelled", "AbortError"));
    });
    xhr.send(form);
  });
}
