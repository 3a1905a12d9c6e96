# A project that builds, trains, and serves before production. docs/ship.md says what each account
# is for and why it has the roles that it has.

locals {
  services = [
    "aiplatform.googleapis.com",
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "logging.googleapis.com",
    "run.googleapis.com",
    "storage.googleapis.com",
    "sts.googleapis.com",
  ]

  accounts = ["deployer", "builder", "pipeline", "server"]

  project_roles = {
    deployer = [
      "aiplatform.user",
      "cloudbuild.builds.editor",
      "run.developer",
      "run.invoker",
      "serviceusage.serviceUsageConsumer",
    ]
    builder  = ["logging.logWriter"]
    pipeline = ["aiplatform.user", "logging.logWriter"]
  }

  bucket_roles = {
    deployer = ["storage.objectUser", "storage.legacyBucketReader"]
    builder  = ["storage.objectViewer"]
    pipeline = ["storage.objectUser", "storage.legacyBucketReader"]
    server   = ["storage.objectViewer"]
  }

  serving_roles = {
    deployer = ["storage.objectUser"]
    server   = ["storage.objectUser"]
  }

  registry_roles = {
    deployer = ["artifactregistry.reader"]
    builder  = ["artifactregistry.writer"]
    pipeline = ["artifactregistry.reader"]
  }

  act_as = {
    deployer = ["builder", "pipeline", "server"]
  }

  # One entry for each account and role, by a name that stays as others come and go.
  project_bindings  = merge([for who, roles in local.project_roles : { for role in roles : "${who} ${role}" => { who = who, role = role } }]...)
  bucket_bindings   = merge([for who, roles in local.bucket_roles : { for role in roles : "${who} ${role}" => { who = who, role = role } }]...)
  serving_bindings  = merge([for who, roles in local.serving_roles : { for role in roles : "${who} ${role}" => { who = who, role = role } }]...)
  registry_bindings = merge([for who, roles in local.registry_roles : { for role in roles : "${who} ${role}" => { who = who, role = role } }]...)
  act_as_bindings   = merge([for who, others in local.act_as : { for other in others : "${who} ${other}" => { who = who, other = other } }]...)
}

resource "google_project_service" "this" {
  for_each           = toset(local.services)
  project            = var.project
  service            = each.value
  disable_on_destroy = false
}

resource "google_artifact_registry_repository" "pipeline" {
  project       = var.project
  location      = var.region
  repository_id = "pipeline"
  format        = "DOCKER"

  depends_on = [google_project_service.this]
}

resource "google_storage_bucket" "pipeline" {
  project                     = var.project
  name                        = var.bucket
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  depends_on = [google_project_service.this]

  lifecycle {
    # Pushed models and what they were made of are in it.
    prevent_destroy = true
  }
}

resource "google_storage_bucket" "serving" {
  project                     = var.project
  name                        = var.serving_bucket
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  depends_on = [google_project_service.this]

  lifecycle {
    # What is served, and what was logged of it, is in it.
    prevent_destroy = true
  }
}

resource "google_service_account" "this" {
  for_each   = toset(local.accounts)
  project    = var.project
  account_id = each.value

  depends_on = [google_project_service.this]
}

resource "google_project_iam_member" "this" {
  for_each = local.project_bindings
  project  = var.project
  role     = "roles/${each.value.role}"
  member   = google_service_account.this[each.value.who].member
}

resource "google_storage_bucket_iam_member" "this" {
  for_each = local.bucket_bindings
  bucket   = google_storage_bucket.pipeline.name
  role     = "roles/${each.value.role}"
  member   = google_service_account.this[each.value.who].member
}

resource "google_storage_bucket_iam_member" "serving" {
  for_each = local.serving_bindings
  bucket   = google_storage_bucket.serving.name
  role     = "roles/${each.value.role}"
  member   = google_service_account.this[each.value.who].member
}

resource "google_artifact_registry_repository_iam_member" "this" {
  for_each   = local.registry_bindings
  project    = var.project
  location   = google_artifact_registry_repository.pipeline.location
  repository = google_artifact_registry_repository.pipeline.name
  role       = "roles/${each.value.role}"
  member     = google_service_account.this[each.value.who].member
}

resource "google_service_account_iam_member" "act_as" {
  for_each           = local.act_as_bindings
  service_account_id = google_service_account.this[each.value.other].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.this[each.value.who].member
}
