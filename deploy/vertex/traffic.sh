#!/usr/bin/env bash
# A canary on a Vertex AI endpoint, with gcloud. See docs/operating.md.
#   deploy/vertex/traffic.sh canary ENDPOINT gs://bucket/taxi/3 10   # 10 % to a new version
#   deploy/vertex/traffic.sh promote ENDPOINT                       # everything to the newest
#   deploy/vertex/traffic.sh rollback ENDPOINT                      # the newest out again
# REGION (default us-central1), MACHINE (n1-standard-2) and IMAGE, the serving container, may be set.
set -euo pipefail

region="${REGION:-us-central1}"
machine="${MACHINE:-n1-standard-2}"
image="${IMAGE:-us-docker.pkg.dev/vertex-ai/prediction/tf2-cpu.2-15:latest}"

usage() {
  sed -n '3,5s/^#   //p' "$0" >&2
  exit 2
}

# The deployed models' ids, oldest first.
deployed() {
  gcloud ai endpoints describe "$1" --region="$region" \
    --format='csv[no-heading](deployedModels.createTime,deployedModels.id)' \
    --flatten=deployedModels | sort | cut -d, -f2
}

newest() { deployed "$1" | tail -n 1; }

# The newest but one: who had the traffic before.
previous() { deployed "$1" | tail -n 2 | head -n 1; }

two_deployed() {
  [ "$(deployed "$1" | wc -l)" -ge 2 ] || {
    echo "error: the endpoint $1 has no second version" >&2
    exit 1
  }
}

canary() {
  local endpoint="$1" artifact="$2" share="$3" name split model
  name="$(basename "$(dirname "$artifact")")-$(basename "$artifact")"
  split="0=$share"
  if [ -n "$(newest "$endpoint")" ]; then
    split="$split,$(newest "$endpoint")=$((100 - share))"
  elif [ "$share" != 100 ]; then
    echo "error: the endpoint $endpoint has no version beside which a canary could be; use 100" >&2
    exit 1
  fi
  model="$(gcloud ai models upload --region="$region" --display-name="$name" \
    --container-image-uri="$image" --artifact-uri="$artifact" --format='value(model)')"
  gcloud ai endpoints deploy-model "$endpoint" --region="$region" --model="$model" \
    --display-name="$name" --machine-type="$machine" --traffic-split="$split"
}

promote() {
  two_deployed "$1"
  gcloud ai endpoints update "$1" --region="$region" --traffic-split="$(newest "$1")=100"
}

rollback() {
  two_deployed "$1"
  local out
  out="$(newest "$1")"
  gcloud ai endpoints undeploy-model "$1" --region="$region" --deployed-model-id="$out" \
    --traffic-split="$(previous "$1")=100"
}

case "${1:-} $#" in
  "canary 4")
    [[ "$4" =~ ^[0-9]+$ ]] && [ "$4" -le 100 ] || usage
    canary "$2" "$3" "$4"
    ;;
  "promote 2") promote "$2" ;;
  "rollback 2") rollback "$2" ;;
  *) usage ;;
esac
