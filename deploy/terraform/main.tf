# What docs/ship.md does by hand: a project that trains and serves before production, one for
# production, and, if asked for, one to try things in.

data "github_repository" "this" {
  full_name = var.repository
}

locals {
  # A name can be given to another repository; a number cannot.
  from_main = join(" && ", [
    "assertion.repository_id == '${data.github_repository.this.repo_id}'",
    "assertion.ref == 'refs/heads/main'",
  ])
}

module "training" {
  source  = "./modules/training"
  project = var.project
  region  = var.region
  bucket  = var.bucket
}

module "production" {
  source  = "./modules/production"
  project = var.production_project
  bucket  = module.training.bucket
}

module "dev" {
  source  = "./modules/training"
  count   = var.dev_project == null ? 0 : 1
  project = var.dev_project
  region  = var.region
  bucket  = var.dev_bucket
}

resource "google_service_account_iam_member" "developers" {
  for_each           = var.dev_project == null ? [] : toset(var.developers)
  service_account_id = module.dev[0].account_names["deployer"]
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = each.value
}

module "training_identity" {
  source        = "./modules/identity"
  project       = var.project
  account       = module.training.account_names["deployer"]
  repository_id = data.github_repository.this.repo_id
  condition     = local.from_main

  depends_on = [module.training]
}

module "production_identity" {
  source        = "./modules/identity"
  project       = var.production_project
  account       = module.production.account_names["production"]
  repository_id = data.github_repository.this.repo_id
  condition     = "${local.from_main} && assertion.environment == 'production'"

  depends_on = [module.production]
}
