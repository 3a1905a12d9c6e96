// Histograms of several splits over the same ranges, so that the splits can be compared.
//
// StatisticsGen cuts each split between its own least and greatest value. Drawn over each other as
// they are, one far value in one split makes its ranges wide and its peak low, though nothing differs.

const STEEP = 0.8; // With more of the rows than this in one range, the middle is drawn instead of everything.

// `splits` are [name, feature's split] pairs. Null where no split has a histogram; else `edges`,
// `shares` as [name, a share for each range], `low` and `high` of what is drawn, and `cut`: whether
// that leaves the tails out.
export function overCommonRanges(splits) {
  const whole = common(splits.map(([name, split]) => [name, usable(split.histogram)]), widest);
  if (whole === null) return null;
  const steep = whole.edges.length > 2 && whole.shares.some(([, shares]) => Math.max(...shares) > STEEP);
  const quantiles = splits.filter(([, split]) => usable(split.histogram).length > 0).map(([name, split]) => [name, usable(split.quantiles)]);
  if (!steep || quantiles.some(([, buckets]) => buckets.length < 3)) return { ...whole, low: whole.edges[0], high: whole.edges.at(-1), cut: false };
  const fine = common(quantiles, (lists) => lists[0]);
  const inner = fine.edges.slice(1, -1);
  const margin = (inner.at(-1) - inner[0]) * 0.3;
  const [low, high] = [Math.max(fine.edges[0], inner[0] - margin), Math.min(fine.edges.at(-1), inner.at(-1) + margin)];
  if (!(low < high)) return { ...whole, low: whole.edges[0], high: whole.edges.at(-1), cut: false };
  return { ...fine, low, high, cut: true };
}

function usable(buckets) {
  const numbers = (one) => [one?.low, one?.high, one?.count].every((value) => typeof value === "number");
  return Array.isArray(buckets) ? buckets.filter((one) => numbers(one) && one.high >= one.low && one.count >= 0) : [];
}

// The shares of all splits over the edges of the one that `choose` takes.
function common(splits, choose) {
  const there = splits.filter(([, buckets]) => buckets.some((one) => one.count > 0));
  if (there.length === 0) return null;
  const lists = there.map(([, buckets]) => buckets);
  const low = Math.min(...lists.map((buckets) => buckets[0].low));
  const high = Math.max(...lists.map((buckets) => buckets.at(-1).high));
  const own = choose(lists);
  const edges = [...new Set([low, ...own.map((one) => one.low), own.at(-1).high, high])].sort((a, b) => a - b);
  if (edges.length === 1) edges.push(edges[0]); // One value alone.
  return { edges, shares: there.map(([name, buckets]) => [name, shares(buckets, edges)]) };
}

function widest(lists) {
  const width = (buckets) => buckets.at(-1).high - buckets[0].low;
  return lists.reduce((most, buckets) => (width(buckets) > width(most) ? buckets : most));
}

// Within a bucket, values count as spread evenly; a bucket of one value goes where the value is.
function shares(buckets, edges) {
  const counts = new Array(edges.length - 1).fill(0);
  const total = buckets.reduce((sum, one) => sum + one.count, 0);
  for (const { low, high, count } of buckets) {
    for (let place = 0; place < counts.length; place += 1) {
      const [from, to] = [edges[place], edges[place + 1]];
      if (high > low) counts[place] += (count * Math.max(Math.min(high, to) - Math.max(low, from), 0)) / (high - low);
      else if (low >= from && (low < to || place === counts.length - 1)) counts[place] += count;
    }
  }
  return counts.map((count) => count / total);
}
