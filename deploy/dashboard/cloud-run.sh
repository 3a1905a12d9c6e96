#!/usr/bin/env bash
# Puts the dashboard on Cloud Run, behind Identity-Aware Proxy: whoever opens it logs in with Google
# first, and nobody gets in who has not the role that is granted at the end.
#   PROJECT=my-project REGION=europe-west4 IMAGE=.../dashboard@sha256:... RUNS=gs://my-bucket/runs \
#     MEMBERS=group:ml@example.com deploy/dashboard/cloud-run.sh
# ACCOUNT may read the bucket: roles/storage.objectViewer, for notes and tags roles/storage.objectUser.
set -euo pipefail

: "${PROJECT:?the project}" "${REGION:?the region}" "${IMAGE:?the image of deploy/dashboard.Dockerfile}"
: "${RUNS:?the folder of runs, such as gs://my-bucket/runs}" "${MEMBERS:?who may look, such as group:ml@example.com}"
ACCOUNT=${ACCOUNT:-dashboard@$PROJECT.iam.gserviceaccount.com}
SERVICE=${SERVICE:-dashboard}

number=$(gcloud projects describe "$PROJECT" --format='value(projectNumber)')
url=https://$SERVICE-$number.$REGION.run.app

gcloud run deploy "$SERVICE" --project "$PROJECT" --region "$REGION" --image "$IMAGE" \
  --service-account "$ACCOUNT" --no-allow-unauthenticated --iap \
  --port 8050 --cpu 1 --memory 2Gi --min-instances 0 --max-instances 1 \
  --args="--host,0.0.0.0,--url,$url,--cache,/tmp/cache,--runs,$RUNS"

# The proxy itself calls the service.
gcloud run services add-iam-policy-binding "$SERVICE" --project "$PROJECT" --region "$REGION" \
  --member "serviceAccount:service-$number@gcp-sa-iap.iam.gserviceaccount.com" --role roles/run.invoker

for member in ${MEMBERS//,/ }; do
  gcloud iap web add-iam-policy-binding --project "$PROJECT" --region "$REGION" \
    --resource-type cloud-run --service "$SERVICE" \
    --member "$member" --role roles/iap.httpsResourceAccessor
done

echo "The dashboard is at $url"
