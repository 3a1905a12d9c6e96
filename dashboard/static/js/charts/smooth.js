// Exponential moving average, corrected for its start at zero as in Adam (Kingma and Ba, 2015).
// Values that are null stay null.
export function smoothed(values, weight) {
  let sum = 0;
  let count = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    count += 1;
    return sum / (1 - weight ** count);
  });
}
