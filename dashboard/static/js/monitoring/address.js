// Where the monitoring of a version is, on a page and at the server.

function parts(model, version) {
  return `${encodeURIComponent(model)}/${encodeURIComponent(version)}`;
}

export function versionAddress(model, version, params = "") {
  return `/monitoring/${parts(model, version)}${params}`;
}

export function versionApi(model, version, rest = "") {
  return `/api/monitoring/${parts(model, version)}${rest}`;
}
