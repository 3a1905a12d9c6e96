// What the plots of a binary classifier say of any threshold.

const is = (value) => typeof value === "number";
const list = (value) => (Array.isArray(value) ? value.filter((one) => one && typeof one === "object") : []);

// The thresholds with their rates, the lowest threshold first.
export function rocOf(plots) {
  return list(plots?.roc)
    .filter((one) => is(one.threshold) && is(one.false_positive_rate) && is(one.true_positive_rate))
    .sort((a, b) => a.threshold - b.threshold || b.false_positive_rate - a.false_positive_rate);
}

export function rocPoints(plots) {
  return rocOf(plots)
    .map((one) => [one.false_positive_rate, one.true_positive_rate, one.threshold])
    .reverse();
}

// Recall and precision; where nothing is predicted there is no precision.
export function precisionRecallPoints(plots) {
  return rocOf(plots)
    .filter((one) => is(one.precision))
    .map((one) => [one.true_positive_rate, one.precision, one.threshold])
    .reverse();
}

export function calibrationBins(plots) {
  return list(plots?.calibration).filter((bin) => is(bin.prediction) && is(bin.label) && bin.count > 0);
}

export function calibrationPoints(plots) {
  return calibrationBins(plots).map((bin) => [bin.prediction, bin.label, bin.count]);
}

// Rows of either class; null where the record does not tell.
export function classCounts(plots) {
  const bins = calibrationBins(plots);
  const all = bins.reduce((sum, bin) => sum + bin.count, 0);
  const positive = Math.round(bins.reduce((sum, bin) => sum + bin.count * bin.label, 0));
  return all > 0 ? { positive, negative: Math.round(all) - positive } : null;
}

// The counts of a confusion matrix, [actual][predicted], at one of the thresholds.
export function confusionAt(point, { positive, negative }) {
  const [hits, alarms] = [Math.round(point.true_positive_rate * positive), Math.round(point.false_positive_rate * negative)];
  return [
    [negative - alarms, alarms],
    [positive - hits, hits],
  ];
}

// The place of the threshold that is nearest to a number.
export function nearest(points, threshold) {
  const distance = (place) => Math.abs(points[place].threshold - threshold);
  return points.reduce((best, _, place) => (distance(place) < distance(best) ? place : best), 0);
}

// The names of both classes, the second the one that scores are of.
export function classNames(record) {
  const names = record?.trained?.classes;
  return Array.isArray(names) && names.length === 2 ? names.map(String) : ["0", "1"];
}
