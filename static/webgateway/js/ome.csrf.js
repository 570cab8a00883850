// CSRF token for every unsafe same-origin jQuery request, plug-ins' included. contract/plugins.md, section 7.1.

function getCookie(name) {
  for (const part of document.cookie.split(";")) {
    const [key, ...value] = part.trim().split("=");
    if (key === name) return decodeURIComponent(value.join("="));
  }
  return null;
}

function csrfSafeMethod(method) {
  return /^(GET|HEAD|OPTIONS|TRACE)$/i.test(method);
}

function sameOrigin(url) {
  return new URL(url, document.location.href).origin === document.location.origin;
}

var csrftoken = getCookie("csrftoken");

jQuery.ajaxSetup({
  beforeSend(request, settings) {
    if (!csrfSafeMethod(settings.type) && sameOrigin(settings.url)) {
      request.setRequestHeader("X-CSRFToken", getCookie("csrftoken") || csrftoken || "");
    }
  },
});
