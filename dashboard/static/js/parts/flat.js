// A tree of settings as pairs of dotted name and value.
export function flat(tree, prefix = "") {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
      ? flat(value, `${prefix}${key}.`)
      : [[prefix + key, value]],
  );
}
