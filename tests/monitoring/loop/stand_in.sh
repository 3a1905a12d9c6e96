#!/bin/sh
# Stands for `python -m serving` and `python -m pipeline` where the loop is killed at every point,
# as the real ones take seconds each. $STATE is a folder: stable, canary, comparison.json,
# outcome (what the next run does), calls.
shift
case "$1 $2" in
"serving route")
  stable=$(cat "$STATE/stable" 2>/dev/null) canary=$(cat "$STATE/canary" 2>/dev/null)
  printf '{"stable": %s, "canary": %s, "rollback": {"error_rate": 0.0, "latency_ratio": 2.0}}' \
    "${stable:-null}" "${canary:-null}"
  ;;
"serving compare")
  [ -s "$STATE/canary" ] || { echo "error: no canary" >&2; exit 2; }
  cat "$STATE/comparison.json"
  exit 3
  ;;
"serving canary")
  echo "canary $4" >> "$STATE/calls"
  [ -e "$STATE/refuses" ] && { echo "error: version $4 cannot answer" >&2; exit 2; }
  echo "$4" > "$STATE/canary"
  ;;
"serving promote")
  echo "promote $4" >> "$STATE/calls"
  echo "$4" > "$STATE/stable"
  rm -f "$STATE/canary"
  ;;
"serving rollback")
  echo "rollback" >> "$STATE/calls"
  [ -s "$STATE/canary" ] || { echo "error: it is no canary now" >&2; exit 2; }
  rm -f "$STATE/canary"
  ;;
"monitoring export-labelled")
  echo "export" >> "$STATE/calls"
  ;;
"pipeline run")
  echo "run" >> "$STATE/calls"
  number=$(grep -c run "$STATE/calls")
  read -r status version < "$STATE/outcome"
  mkdir -p "$STATE/runs/$number"
  case $status in
  0) mkdir -p "$STATE/models/taxi/$version"; record='"status": "pushed", "pushed_version": '$version ;;
  *) record='"status": "failed", "failure": {"headline": "Trainer failed"}' ;;
  esac
  printf '{"id": "r%s", "number": %s, "model": "taxi", %s}' "$number" "$((number + 10))" "$record" \
    > "$STATE/runs/$number/run.json"
  echo "the run's output"
  exit "$status"
  ;;
*)
  echo "unexpected: $*" >> "$STATE/calls"
  exit 2
  ;;
esac
