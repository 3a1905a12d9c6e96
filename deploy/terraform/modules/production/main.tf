# The project that serves in production: one account deploys, another serves, a third looks at
# canaries, and nobody of the project that trains has a role in it.

locals {
  services = [
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "run.googleapis.com",
    "storage.googleapis.com",
    "sts.googleapis.com",
  ]

  accounts = ["production", "production-server", "watcher"]

  project_roles = {
    production = ["run.developer", "run.invoker"]
  }

  bucket_roles = {
    production        = ["storage.objectViewer"]
    production-server = ["storage.objectViewer"]
  }

  serving_roles = {
    production        = ["storage.objectUser"]
    production-server = ["storage.objectUser"]
    watcher           = ["storage.objectViewer", "storage.objectCreator"]
  }

  act_as = {
    production = ["production-server"]
  }

  bucket_bindings = merge([for who, roles in local.bucket_roles : { for role in roles : "${who} ${role}" => { who = who, role = role } }]...)
}

module "project" {
  source         = "../project"
  project        = var.project
  region         = var.region
  services       = local.services
  accounts       = local.accounts
  project_roles  = local.project_roles
  act_as         = local.act_as
  serving_bucket = var.serving_bucket
  serving_roles  = local.serving_roles
}

resource "google_storage_bucket_iam_member" "this" {
  for_each = local.bucket_bindings
  bucket   = var.bucket
  role     = "roles/${each.value.role}"
  member   = module.project.accounts[each.value.who].member
}
