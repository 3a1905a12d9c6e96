# The project that serves in production: one account deploys, another serves, and nobody of the
# project that trains has a role in it.

locals {
  services = [
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "run.googleapis.com",
    "storage.googleapis.com",
    "sts.googleapis.com",
  ]

  accounts = ["production", "production-server"]

  project_roles = {
    production = ["run.developer", "run.invoker"]
  }

  bucket_roles = {
    production        = ["storage.objectViewer"]
    production-server = ["storage.objectViewer"]
  }

  act_as = {
    production = ["production-server"]
  }

  project_bindings = merge([for who, roles in local.project_roles : { for role in roles : "${who} ${role}" => { who = who, role = role } }]...)
  bucket_bindings  = merge([for who, roles in local.bucket_roles : { for role in roles : "${who} ${role}" => { who = who, role = role } }]...)
  act_as_bindings  = merge([for who, others in local.act_as : { for other in others : "${who} ${other}" => { who = who, other = other } }]...)
}

resource "google_project_service" "this" {
  for_each           = toset(local.services)
  project            = var.project
  service            = each.value
  disable_on_destroy = false
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
  bucket   = var.bucket
  role     = "roles/${each.value.role}"
  member   = google_service_account.this[each.value.who].member
}

resource "google_service_account_iam_member" "act_as" {
  for_each           = local.act_as_bindings
  service_account_id = google_service_account.this[each.value.other].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.this[each.value.who].member
}
