#!/usr/bin/env bash
# A canary on a Vertex AI endpoint, with gcloud. See docs/operating.md.
#   deploy/vertex/traffic.sh canary ENDPOINT gs://bucket/taxi/3 10   # 10 % to a new version
#   deploy/vertex/traffic.sh promote ENDPOINT                       # everything to the newest
#   deploy/vertex/traffic.sh rollback ENDPOINT                      # the newest out again
# A canary needs IMAGE, the container that serves: TensorFlow Serving's in your Artifact Registry, or
# one of Vertex AI's own. In the place of the bucket's folder it takes the id of an uploaded model.
# REGION (default us-central1) and MACHINE (n1-standard-2) may be set.
set -euo pipefail

region="${REGION:-us-central1}"
machine="${MACHINE:-n1-standard-2}"
image="${IMAGE:-}"

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

# Uploads the version at gs://BUCKET/.../MODEL/VERSION; prints the id that Vertex AI gives it.
upload() {
  local artifact="${1%/}" name="$2" version model bucket
  version="$(basename "$artifact")"
  model="$(basename "$(dirname "$artifact")")"
  local container=(--container-image-uri="$image")
  if [[ "$image" != */vertex-ai/prediction/* ]]; then
    # TensorFlow Serving wants a folder with version folders: here, with this one alone.
    bucket="${artifact#gs://}"
    local folder="gs://${bucket%%/*}/vertex/$name"
    gcloud storage rsync --recursive "$artifact" "$folder/$version" >&2
    artifact="$folder"
    # $(AIP_STORAGE_URI) is for Vertex AI to fill in: where its copy of the folder is.
    container+=(
      --container-command=/usr/bin/tensorflow_model_server
      "--container-args=--port=8500,--rest_api_port=8080,--model_name=$model,--model_base_path=\$(AIP_STORAGE_URI),--file_system_poll_wait_seconds=0"
      --container-ports=8080
      --container-predict-route="/v1/models/$model:predict"
      --container-health-route="/v1/models/$model"
    )
  fi
  gcloud ai models upload --region="$region" --display-name="$name" \
    --artifact-uri="$artifact" "${container[@]}" --format='value(model)'
}

canary() {
  local endpoint="$1" what="$2" share="$3" name split model
  split="0=$share"
  if [ -n "$(newest "$endpoint")" ]; then
    split="$split,$(newest "$endpoint")=$((100 - share))"
  elif [ "$share" != 100 ]; then
    echo "error: the endpoint $endpoint has no version beside which a canary could be; use 100" >&2
    exit 1
  fi
  name="$(basename "$what")"
  model="$what"
  if [[ "$what" == gs://* ]]; then
    [ -n "$image" ] || {
      echo "error: set IMAGE to the container that serves; docs/operating.md says which" >&2
      exit 1
    }
    name="$(basename "$(dirname "$what")")-$name"
    model="$(upload "$what" "$name")"
  fi
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
    [[ "$4" =~ ^([1-9]?[0-9]|100)$ ]] || usage
    canary "$2" "$3" "$4"
    ;;
  "promote 2") promote "$2" ;;
  "rollback 2") rollback "$2" ;;
  *) usage ;;
esac
