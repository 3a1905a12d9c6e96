// Trees of settings, such as a config.

export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Pairs of dotted name and value.
export function flat(tree, prefix = "") {
  return Object.entries(tree).flatMap(([key, value]) =>
    isObject(value) && Object.keys(value).length > 0 ? flat(value, `${prefix}${key}.`) : [[prefix + key, value]],
  );
}

// A line for each setting, indented as in a config.yaml; without those that are null or empty.
export function indented(tree, indent = "") {
  return Object.entries(tree)
    .map(([key, value]) => {
      if (value === null) return "";
      if (!isObject(value)) return `${indent}${key}: ${typeof value === "string" ? value : JSON.stringify(value)}\n`;
      const inner = indented(value, `${indent}  `);
      return inner && `${indent}${key}:\n${inner}`;
    })
    .join("");
}
