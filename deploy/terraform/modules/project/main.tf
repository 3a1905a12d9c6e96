# What every project of these has: services, accounts that are no more than they are for, and a
# bucket that servers follow.

locals {
  # One entry for each account and role, by a name that stays as others come and go.
  project_bindings = merge([for who, roles in var.project_roles : { for role in roles : "${who} ${role}" => { who = who, role = role } }]...)
  serving_bindings = merge([for who, roles in var.serving_roles : { for role in roles : "${who} ${role}" => { who = who, role = role } }]...)
  act_as_bindings  = merge([for who, others in var.act_as : { for other in others : "${who} ${other}" => { who = who, other = other } }]...)
}

resource "google_project_service" "this" {
  for_each           = toset(var.services)
  project            = var.project
  service            = each.value
  disable_on_destroy = false
}

resource "google_service_account" "this" {
  for_each   = toset(var.accounts)
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

resource "google_service_account_iam_member" "act_as" {
  for_each           = local.act_as_bindings
  service_account_id = google_service_account.this[each.value.other].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.this[each.value.who].member
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

resource "google_storage_bucket_iam_member" "serving" {
  for_each = local.serving_bindings
  bucket   = google_storage_bucket.serving.name
  role     = "roles/${each.value.role}"
  member   = google_service_account.this[each.value.who].member
}
