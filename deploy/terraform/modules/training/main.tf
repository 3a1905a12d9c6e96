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

  # Where a model's data is in BigQuery.
  bigquery_services = ["bigquery.googleapis.com", "bigquerystorage.googleapis.com"]
  bigquery_roles = {
    pipeline = ["bigquery.dataViewer", "bigquery.jobUser", "bigquery.readSessionUser"]
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
  bucket_bindings   = merge([for who, roles in local.bucket_roles : { for role in roles : "${who} ${role}" => { who = who, role = role } }]...)
  registry_bindings = merge([for who, roles in local.registry_roles : { for role in roles : "${who} ${role}" => { who = who, role = role } }]...)
}

module "project" {
  source         = "../project"
  project        = var.project
  region         = var.region
  services       = concat(local.services, var.bigquery ? local.bigquery_services : [])
  accounts       = local.accounts
  project_roles = merge(local.project_roles, {
    pipeline = concat(local.project_roles.pipeline, var.bigquery ? local.bigquery_roles.pipeline : [])
  })
  act_as         = local.act_as
  serving_bucket = var.serving_bucket
  serving_roles  = local.serving_roles
}

resource "google_artifact_registry_repository" "pipeline" {
  project       = var.project
  location      = var.region
  repository_id = "pipeline"
  format        = "DOCKER"

  depends_on = [module.project]
}

resource "google_storage_bucket" "pipeline" {
  project                     = var.project
  name                        = var.bucket
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  depends_on = [module.project]

  lifecycle {
    # Pushed models and what they were made of are in it.
    prevent_destroy = true
  }
}

resource "google_storage_bucket_iam_member" "this" {
  for_each = local.bucket_bindings
  bucket   = google_storage_bucket.pipeline.name
  role     = "roles/${each.value.role}"
  member   = module.project.accounts[each.value.who].member
}

resource "google_artifact_registry_repository_iam_member" "this" {
  for_each   = local.registry_bindings
  project    = var.project
  location   = google_artifact_registry_repository.pipeline.location
  repository = google_artifact_registry_repository.pipeline.name
  role       = "roles/${each.value.role}"
  member     = module.project.accounts[each.value.who].member
}
